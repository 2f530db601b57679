"""Who may do what: people, groups, and the tokens of platform code."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from tracking import grants
from tracking.admin.choosing import ChoicesMixin, ChooseOne, writes_rules
from tracking.admin.listing import ForgedQueryMixin, ListAdmin, badge
from tracking.admin.scope import ScopedMixin, person
from tracking.api import tokens
from tracking.choices import AuditAction, Role, Scope
from tracking.models import ApiToken, User
from tracking.roles import ASKED_FOR
from tracking.store import audit, clock, second_factor
from tracking.wording import counted

SHOWN_BUYERS = 3
OWN_POWERS = ("is_active", "is_staff", "groups", "buyers")  # nobody changes their own
SUPERUSERS_GIVE = ("is_superuser", "user_permissions")

ROLES_HELP = (
    "A role says what may be done, and which triggers: LMS Admin and Call Logic Admin those of their platform. "
    "People of a buyer role see the campaigns of their buyers only, and no publishers."
)


class UserForm(UserChangeForm):  # type: ignore[misc]
    def clean(self) -> dict[str, Any]:
        """Whoever has a role may log in here."""
        typed: dict[str, Any] = super().clean()
        if typed.get("groups"):
            self.instance.is_staff = typed["is_staff"] = True
        return typed


def _asked_for() -> QuerySet[Permission]:
    """The permissions that do something."""
    ours = Q(content_type__app_label="tracking", codename__in=ASKED_FOR)
    groups = Q(content_type__app_label="auth", codename="view_group")
    return Permission.objects.filter(ours | groups).select_related("content_type")


class RoleFilter(admin.SimpleListFilter):
    title = "role"
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(role.value, role.label) for role in Role]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        return queryset.filter(groups__name=self.value()) if self.value() else queryset


@admin.register(User)
class UserAdmin(ForgedQueryMixin, ChoicesMixin, ScopedMixin, DjangoUserAdmin, ModelAdmin):  # type: ignore[misc,type-arg]
    form = UserForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    show_full_result_count = False
    list_display = ("username", "email", "roles", "of_buyers", "is_active", "last_login")
    list_filter = (RoleFilter, "is_active", "is_superuser")
    actions = ("forget_second_factor",)
    list_filter_submit = True
    list_fullwidth = True
    autocomplete_fields = ("buyers",)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password", ("first_name", "last_name"), "email")}),
        ("Role", {"fields": ("groups", "buyers"), "description": ROLES_HELP}),
        ("May log in", {"fields": ("is_active", "is_staff", "is_superuser", "user_permissions")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows: QuerySet[User] = super().get_queryset(request)
        return rows.prefetch_related("groups", "buyers")

    @admin.display(description="Roles")
    def roles(self, user: User) -> str:
        names = ["Superuser"] if user.is_superuser else [group.name for group in user.groups.all()]
        return ", ".join(names) or "-"

    @admin.display(description="Buyers")
    def of_buyers(self, user: User) -> str:
        names = [str(buyer) for buyer in user.buyers.all()]
        return ", ".join(names[:SHOWN_BUYERS]) + (
            f" and {len(names) - SHOWN_BUYERS} more" if names[SHOWN_BUYERS:] else ""
        )

    def has_forget_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    @admin.action(description="Remove the second factor of selected users", permissions=["forget"])
    def forget_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For whoever has lost app and recovery codes."""
        helper = cast(User, request.user)
        helped = [user for user in queryset if second_factor.forget(user, by=helper, now=clock.now())]
        for user in helped:
            self.log_change(request, user, "Second factor removed.")
        self.message_user(request, f"{counted(len(helped), 'second factor')} removed.", messages.SUCCESS)

    def may_choose(self, request: HttpRequest) -> bool:
        """Whoever writes rules chooses whom their alerts reach."""
        return super().may_choose(request) or writes_rules(request)

    # --- nobody gives more than they have -----------------------------------------------------------------------------

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        if request.user.is_superuser:
            return ("last_login", "date_joined")
        own = OWN_POWERS if obj is not None and obj.pk == request.user.pk else ()
        return ("last_login", "date_joined", *SUPERUSERS_GIVE, *own)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user_permissions":
            kwargs["queryset"] = _asked_for()
        if db_field.name != "groups":
            return super().formfield_for_manytomany(db_field, request, **kwargs)
        given = Group.objects.filter(pk__in=[group.pk for group in grants.grantable(person(request))])
        return forms.ModelMultipleChoiceField(
            given.order_by("pk"), required=False, label="Roles", widget=UnfoldAdminCheckboxSelectMultipleWidget()
        )

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (obj is None or grants.may_manage(person(request), obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and (obj is None or grants.may_manage(person(request), obj))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Chosen in the list, each is asked for as on its own page."""
        for user in queryset:
            if not self.has_delete_permission(request, user):
                raise PermissionDenied
        super().delete_queryset(request, queryset)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        if request.resolver_match is not None and request.resolver_match.url_name == "auth_user_password_change":
            audit.note(actor=person(request), action=AuditAction.PASSWORD_CHANGED, target=obj, now=clock.now())
            return super(ScopedMixin, self).log_change(request, obj, message)
        return super().log_change(request, obj, message)


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(ScopedMixin, DjangoGroupAdmin, ModelAdmin):  # type: ignore[misc]
    """What a role may do is changed by superusers: a group's permissions are those of all in it."""

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:  # type: ignore[override]
        if db_field.name == "permissions":
            kwargs["queryset"] = _asked_for()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = ApiToken
        fields = ("name", "user", "scopes", "products", "expires_at")

    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, f"{scope.value} ({scope.label.lower()})") for scope in Scope],
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text="None: all that its user may do.",
    )


@admin.register(ApiToken)
class ApiTokenAdmin(ListAdmin):
    """Tokens are made and revoked, never changed."""

    form = TokenForm
    list_display = ("name", "hint", "user", "opens", "status", "created_at", "expires_at", "last_used_at")
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    ordering = ("-id",)
    actions = ("revoke",)
    autocomplete_fields = ("products",)
    fields = ("name", "user", "opens", "products", "expires_at", "hint", "status", "created_at", "last_used_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        rows: QuerySet[ApiToken] = super().get_queryset(request)
        return rows.prefetch_related("products")

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:
        return self.fields if obj else TokenForm.Meta.fields

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
        chosen = form.cleaned_data
        row, text = tokens.issue(
            obj.user,
            obj.name,
            obj.expires_at,
            scopes=chosen["scopes"],
            products=chosen["products"],
            by=person(request),
        )
        obj.pk, obj.digest, obj.hint, obj.created_at = row.pk, row.digest, row.hint, row.created_at
        self.message_user(
            request,
            f"The token is {text} - copy it now: it is not shown again, only its hash is kept.",
            messages.WARNING,
        )

    @admin.display(description="Opens")
    def opens(self, token: ApiToken) -> str:
        products = [str(product) for product in token.products.all()] or ["no product that is left"]
        return ", ".join([*token.scopes, *(products if token.narrowed else ())]) or "All"

    @admin.display(description="Status")
    def status(self, token: ApiToken) -> SafeString:
        if token.revoked_at is not None:
            return badge("Revoked", "red")
        return badge("Valid", "green") if token.valid_at(clock.now()) else badge("Expired", "amber")

    @admin.action(description="Revoke selected tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        revoked = tokens.revoke(queryset, by=person(request), now=clock.now())
        for token in revoked:
            self.log_change(request, token, "Revoked.")
        self.message_user(request, f"{counted(len(revoked), 'token')} revoked.", messages.SUCCESS)
