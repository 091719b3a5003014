"""Reading and writing objects: in process, over HTTPS, or through any kubeconfig."""
