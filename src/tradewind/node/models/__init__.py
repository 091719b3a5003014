"""The model cache: storage URIs in, local folders out; shared by every process of this machine."""
