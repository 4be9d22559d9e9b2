"""A Django project in one file on mozilla-django-oidc, with that library's defaults: no PKCE, the secret in the form.

usage: python django_site.py ISSUER PORT CLIENT_ID SECRET FOLDER
"""

from __future__ import annotations

import hashlib
import sys
from typing import Any
from urllib.parse import urlencode
from wsgiref.simple_server import make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.urls import include, path

ISSUER, PORT, CLIENT_ID, SECRET, FOLDER = sys.argv[1:]
SITE = f"http://127.0.0.1:{PORT}"
settings.configure(
    SECRET_KEY=SECRET,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{FOLDER}/site.db"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "mozilla_django_oidc",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "mozilla_django_oidc.middleware.SessionRefresh",
    ],
    AUTHENTICATION_BACKENDS=["mozilla_django_oidc.auth.OIDCAuthenticationBackend"],
    LOGIN_REDIRECT_URL="/",
    LOGOUT_REDIRECT_URL="/",
    OIDC_RP_CLIENT_ID=CLIENT_ID,
    OIDC_RP_CLIENT_SECRET=SECRET,
    OIDC_RP_SIGN_ALGO="RS256",
    OIDC_OP_AUTHORIZATION_ENDPOINT=f"{ISSUER}/authorize",
    OIDC_OP_TOKEN_ENDPOINT=f"{ISSUER}/token",
    OIDC_OP_USER_ENDPOINT=f"{ISSUER}/userinfo",
    OIDC_OP_JWKS_ENDPOINT=f"{ISSUER}/jwks",
    OIDC_OP_LOGOUT_URL_METHOD=f"{__name__}.sign_out_address",
    OIDC_STORE_ID_TOKEN=True,
)
django.setup()


def sign_out_address(request: HttpRequest) -> str:
    """Where the library sends people who signed out (RP-Initiated Logout 1.0)."""
    hint = request.session["oidc_id_token"]
    return f"{ISSUER}/end-session?{urlencode({'id_token_hint': hint, 'post_logout_redirect_uri': f'{SITE}/'})}"


def home(request: HttpRequest) -> HttpResponse:
    """Who is signed in, by which ID token."""
    if not request.user.is_authenticated:
        return HttpResponse('<p>Nobody</p> <a href="/oidc/authenticate/">Sign in</a>')
    token = hashlib.sha256(request.session["oidc_id_token"].encode()).hexdigest()
    form = f'<input type="hidden" name="csrfmiddlewaretoken" value="{get_token(request)}"><button>Sign out</button>'
    return HttpResponse(
        f'<p>{request.user.email}</p> <i>{token}</i> <form method="post" action="/oidc/logout/">{form}</form>'
    )


def expire(request: HttpRequest) -> HttpResponse:
    """As if the ID token had grown old: the library asks again, silently (prompt=none)."""
    request.session["oidc_id_token_expiration"] = 0
    return HttpResponseRedirect("/")


urlpatterns: list[Any] = [path("", home), path("expire", expire), path("oidc/", include("mozilla_django_oidc.urls"))]

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    with make_server("127.0.0.1", int(PORT), get_wsgi_application()) as server:
        server.serve_forever()
