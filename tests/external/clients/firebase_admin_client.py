"""A backend with Firebase's Admin SDK for Python; only the emulator's address is set."""

import os
from typing import Any

import firebase_admin
from firebase_admin import auth, exceptions


def _connect(host: str, project: str) -> None:
    os.environ["FIREBASE_AUTH_EMULATOR_HOST"] = host
    firebase_admin.initialize_app(options={"projectId": project})


def verify(host: str, project: str, token: str, revoked: bool) -> Any:
    """Return the claims of a token, or the name of the error."""
    _connect(host, project)
    try:
        return auth.verify_id_token(token, check_revoked=revoked)
    except (ValueError, exceptions.FirebaseError) as error:
        return type(error).__name__


def find(host: str, project: str, **who: str) -> Any:
    """Return a user by uid or email, or the name of the error."""
    _connect(host, project)
    try:
        user = auth.get_user(who["uid"]) if "uid" in who else auth.get_user_by_email(who["email"])
    except exceptions.FirebaseError as error:
        return type(error).__name__
    return {"uid": user.uid, "email": user.email, "name": user.display_name, "disabled": user.disabled}
