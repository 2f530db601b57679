"""Twig's own filters, one file for each kind of value they are for."""
