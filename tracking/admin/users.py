"""Who may do what: people, groups, and the tokens of platform code."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from tracking.admin.choosing import ChoicesMixin, ChooseOne
from tracking.admin.listing import ForgedQueryMixin, ListAdmin, badge
from tracking.api import tokens
from tracking.models import ApiToken, User
from tracking.store import clock

POWERS = ("is_superuser", "groups", "user_permissions")  # who has them gives them


@admin.register(User)
class UserAdmin(ForgedQueryMixin, ChoicesMixin, DjangoUserAdmin, ModelAdmin):  # type: ignore[misc,type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    show_full_result_count = False
    autocomplete_fields = ("buyers",)
    filter_horizontal = ()
    fieldsets = (*DjangoUserAdmin.fieldsets, ("Scope", {"fields": ("buyers",)}))  # type: ignore[misc]

    def may_choose(self, request: HttpRequest) -> bool:
        """Whoever writes rules chooses whom their alerts reach."""
        writes = ("tracking.add_rule", "tracking.change_rule")
        return super().may_choose(request) or any(request.user.has_perm(name) for name in writes)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Only a superuser hands out powers; otherwise whoever edits users could give himself all."""
        return ("last_login", "date_joined", *(() if request.user.is_superuser else POWERS))

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (obj is None or not obj.is_superuser or request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not obj.is_superuser or request.user.is_superuser)


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):  # type: ignore[misc]
    pass


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = ApiToken
        fields = ("name", "user", "expires_at")


@admin.register(ApiToken)
class ApiTokenAdmin(ListAdmin):
    """Tokens are made and revoked, never changed."""

    form = TokenForm
    list_display = ("name", "hint", "user", "status", "created_at", "expires_at", "last_used_at")
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    ordering = ("-id",)
    actions = ("revoke",)
    fields = ("name", "user", "expires_at", "hint", "status", "created_at", "last_used_at")

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:
        return self.fields if obj else self.fields[:3]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """People make tokens for themselves; a superuser for anybody, as a token has its user's powers."""
        if request.user.is_superuser:
            users = User.objects.filter(is_active=True)
        else:
            users = User.objects.filter(pk=request.user.pk or 0)
        return super().formfield_for_foreignkey(
            db_field, request, queryset=users, widget=ChooseOne(), initial=request.user.pk, **kwargs
        )

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("tracking.change_apitoken"))

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        row, text = tokens.issue(obj.user, obj.name, obj.expires_at)
        obj.pk, obj.digest, obj.hint, obj.created_at = row.pk, row.digest, row.hint, row.created_at
        self.message_user(
            request,
            f"The token is {text} - copy it now: it is not shown again, only its hash is kept.",
            messages.WARNING,
        )

    @admin.display(description="Status")
    def status(self, token: ApiToken) -> SafeString:
        if token.revoked_at is not None:
            return badge("Revoked", "red")
        return badge("Valid", "green") if token.valid_at(clock.now()) else badge("Expired", "amber")

    @admin.action(description="Revoke selected tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        live = list(queryset.filter(revoked_at=None))
        count = queryset.filter(revoked_at=None).update(revoked_at=clock.now())
        for token in live:
            self.log_change(request, token, "Revoked.")
        self.message_user(request, f"{count} tokens revoked.", messages.SUCCESS)
