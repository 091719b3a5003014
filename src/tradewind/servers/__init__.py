"""What runs inside a replica: the predict server. It speaks KServe's V1 and V2 protocols over HTTP."""
