"""What a service is told at its start."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Settings(BaseModel):
    """Everything that one process of the service needs to know; replicas over one database share all but the port."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    releases: tuple[Path, ...] = Field(min_length=1, description="Folders of Releases; the first answers by default.")
    db: str = Field("primum-serve.sqlite", description="Path (SQLite) or SQLAlchemy URL of the service's database.")
    keys: str = Field(
        "primum-serve.key",
        description="Where the master keys are that encrypt Cases: file:PATH, env:NAME or command:PROGRAM.",
    )
    trust: Path | None = Field(None, description="The list of trusted keys; a Release must be signed by these.")
    any_key: bool = Field(False, description="Serve Releases whose signers are on no list. For trying out only.")
    signing_key: Path | None = Field(None, description="Key file of the service: signs answers and the ledger's heads.")
    threads: int = Field(1, ge=1, le=64, description="Texts that are read at the same time.")
    queue: int = Field(256, ge=1, le=100_000, description="Questions that may wait; beyond them the answer is 429.")
    batch_tokens: int = Field(4096, ge=1, description="Tokens (about 4 characters each) of questions taken together.")
    timeout_s: float = Field(30.0, gt=0, le=3600, description="Longest that a question may take; then 503.")
    drain_s: float = Field(30.0, ge=0, le=3600, description="Longest that questions are waited for at the end.")
    hold_disagreement: float = Field(
        0.25, gt=0, le=1, description="Share of an ensemble's members that decide otherwise from which a Case is held."
    )
    image_megabytes: float = Field(20.0, gt=0, le=200, description="Largest file of an image, in millions of bytes.")
    retention_days: int | None = Field(None, ge=1, description="Days after which a Case's content is erased.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8443, ge=0, le=65535, description="Port to listen on.")
    tls_cert: Path | None = Field(None, description="Certificate chain; without it the service speaks plain HTTP.")
    tls_key: Path | None = Field(None, description="Private key of the certificate.")
    behind_tls: bool = Field(False, description="A proxy before the service speaks TLS.")
    sso: Path | None = Field(None, description="File that describes the hospital's own sign-on, OpenID Connect.")
    traces_to: str | None = Field(
        None,
        pattern="^https?://",
        description="Collector that spans of requests are sent to (OTLP over HTTP); left out: nowhere.",
    )
    second_reader: bool = Field(False, description="Held Cases are decided by two different people.")

    @property
    def secure(self) -> bool:
        """Whether people reach the service over TLS."""
        return self.tls_cert is not None or self.behind_tls

    @model_validator(mode="after")
    def _whole(self) -> Settings:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key go together")
        return self
