"""Keys of one sandbox: RSA for the provider, an elliptic curve for IAP; made when they are first needed."""

import base64
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, cast

from guard.sandbox.world import World

_SETTING: Final = "login_keys"


@dataclass
class Keys:
    """Signers with public parts in the forms that the real ones publish."""

    rsa_id: str = "sandbox-rsa-1"
    ec_id: str = "sandbox-ec-1"

    @cached_property
    def _rsa(self) -> Any:
        from cryptography.hazmat.primitives.asymmetric import rsa

        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @cached_property
    def _ec(self) -> Any:
        from cryptography.hazmat.primitives.asymmetric import ec

        return ec.generate_private_key(ec.SECP256R1())

    def rsa_signed(self, claims: dict[str, Any]) -> str:
        """A JWT by RS256."""
        from google.auth import crypt, jwt

        return cast("bytes", jwt.encode(crypt.RSASigner(self._rsa, self.rsa_id), claims)).decode()

    def ec_signed(self, claims: dict[str, Any]) -> str:
        """A JWT by ES256."""
        from google.auth import crypt, jwt

        return cast("bytes", jwt.encode(crypt.EsSigner(self._ec, self.ec_id), claims)).decode()

    @property
    def jwks(self) -> dict[str, Any]:
        """The provider's public key as a JWK Set."""
        numbers = self._rsa.public_key().public_numbers()
        key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.rsa_id}
        return {"keys": [key | {"n": _number(numbers.n), "e": _number(numbers.e)}]}

    @property
    def pems(self) -> dict[str, str]:
        """IAP's public key by its id, as IAP publishes them."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        pem: bytes = self._ec.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return {self.ec_id: pem.decode()}


def keys_of(world: World) -> Keys:
    """The world's keys."""
    keys: Keys = world.settings.setdefault(_SETTING, Keys())
    return keys


def _number(value: int) -> str:
    """A whole number in JWK's form: big-endian bytes, base64 without padding."""
    return base64.urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()
