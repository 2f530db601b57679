"""Mail out of this house: where to connect, who may be connected to, one live session, idle ones kept."""
