"""What npm installs: the proxy in front of the hub."""
