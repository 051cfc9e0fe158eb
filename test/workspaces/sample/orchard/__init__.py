"""What the tools of the orchard share."""
