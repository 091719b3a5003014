"""Who owns which field of an object: sets of fields, comparing, merging, and server-side apply. Pure."""
