"""The hub's decisions: which policy holds, which clusters an object goes to, what each gets, what it says."""
