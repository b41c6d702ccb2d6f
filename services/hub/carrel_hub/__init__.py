"""JupyterHub's configuration of Carrel: it asks the API what a member may start, and starts exactly that."""
