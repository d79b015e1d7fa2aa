"""Ed25519 keys (RFC 8032): who signed what, provable without the database.

A private key lies in a file that only its owner reads (PKCS #8, PEM); public keys are 64
hexadecimal digits in the ledger, and PEM files outside of it.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from ledger.errors import KeyRefused
from ledger.journal import canonical_json

MAX_KEY_BYTES = 10_000
"""No key file is larger."""


def make_private_key() -> Ed25519PrivateKey:
    """A new key, from the system's source of chance."""
    return Ed25519PrivateKey.generate()


def public_key_of(private: Ed25519PrivateKey) -> str:
    """The public key as 64 hexadecimal digits."""
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def write_private_key(path: Path, private: Ed25519PrivateKey) -> None:
    """Write a new file that only its owner reads. Raises KeyRefused where there is one."""
    content = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        # exclusive and private from the first byte: a key that is there is never written over
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyRefused(f"{path} is there already (name another file: --key-file)") from None
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def write_public_key(path: Path, public_key: str) -> None:
    """The public key as a PEM file, to be given to others."""
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
    path.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """The private key of a file. Raises KeyRefused, also where others may read the file."""
    content = _read(path)
    if path.stat().st_mode & 0o077:
        raise KeyRefused(f"{path} may be read by others (chmod 600 {path})")
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyRefused(f"{path} is no private key (PEM, PKCS #8, without a password)") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyRefused(f"{path} is no Ed25519 key (zhida actor add makes one)")
    return key


def read_public_key(path: Path) -> str:
    """The public key of a PEM file as 64 hexadecimal digits. Raises KeyRefused."""
    try:
        key = load_pem_public_key(_read(path))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyRefused(
            f"{path} is no public key (zhida actor add writes one: NAME.pub)"
        ) from None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyRefused(f"{path} is no Ed25519 key")
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def sign(private: Ed25519PrivateKey, value: Mapping[str, Any]) -> str:
    """The signature over a value's canonical JSON, as 128 hexadecimal digits."""
    return private.sign(canonical_json(value).encode()).hex()


def is_signed(public_key: str, signature: str, value: Mapping[str, Any]) -> bool:
    """Whether the holder of the key signed exactly this value."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), canonical_json(value).encode())
    except (ValueError, InvalidSignature):
        return False
    return True


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_KEY_BYTES + 1)
    except OSError as error:
        raise KeyRefused(f"{path}: {error.strerror or 'cannot be read'}") from None
    if len(content) > MAX_KEY_BYTES:
        raise KeyRefused(f"{path} is too large for a key")
    return content
