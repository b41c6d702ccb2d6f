"""SSH public keys of people: registered at the hub, which turns a login that one of them signed into a token."""
