"""The platform's directory: who sells, who buys, and through what. Primary keys are the platform's ids."""

from __future__ import annotations

from django.db import models

from tracking.choices import Method, Platform


class Entry(models.Model):
    """One named entity of the platform."""

    id = models.PositiveBigIntegerField("ID", primary_key=True, help_text="The platform's id.")
    name = models.CharField(max_length=200, db_index=True)

    class Meta:
        abstract = True
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.name} (#{self.pk})"


class Product(Entry):
    platform = models.CharField(max_length=20, choices=Platform)
    ping_post = models.BooleanField("ping-post", default=False, help_text="Leads are offered by ping, then posted.")


class Buyer(Entry):
    pass


class Campaign(Entry):
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="campaigns")
    buyer = models.ForeignKey(Buyer, on_delete=models.PROTECT, related_name="campaigns")


class Publisher(Entry):
    pass


class Channel(Entry):
    publisher = models.ForeignKey(Publisher, on_delete=models.PROTECT, related_name="channels")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="channels")
    method = models.CharField(max_length=10, choices=Method, default=Method.POST)


class Source(Entry):
    pass


class Pingtree(Entry):
    pass


class CallTrackingPool(Entry):
    pass
