"""What the catalogue of models holds."""

from datetime import datetime
from enum import StrEnum

import attrs

from invoke_core.domain.identifiers import ModelKey
from invoke_core.errors import Invalid


class ModelType(StrEnum):
    """What a model is for."""

    MAIN = "main"
    LORA = "lora"
    CONTROLNET = "controlnet"
    VAE = "vae"
    EMBEDDING = "embedding"
    IP_ADAPTER = "ip_adapter"


class BaseModel(StrEnum):
    """The family that a model belongs to; only models of one base work together."""

    SD_1 = "sd-1"
    SD_2 = "sd-2"
    SDXL = "sdxl"
    FLUX = "flux"


class ModelFormat(StrEnum):
    """How the weights lie on the disk."""

    DIFFUSERS = "diffusers"  # a folder
    CHECKPOINT = "checkpoint"  # one safetensors file


class SchedulerName(StrEnum):
    """A pipeline's noise schedule, by InvokeAI's names."""

    DDIM = "ddim"
    DDPM = "ddpm"
    DEIS = "deis"
    DPMPP_2M = "dpmpp_2m"
    DPMPP_2M_K = "dpmpp_2m_k"
    DPMPP_SDE = "dpmpp_sde"
    EULER = "euler"
    EULER_K = "euler_k"
    EULER_A = "euler_a"
    HEUN = "heun"
    KDPM_2 = "kdpm_2"
    KDPM_2_A = "kdpm_2_a"
    LCM = "lcm"
    LMS = "lms"
    PNDM = "pndm"
    TCD = "tcd"
    UNIPC = "unipc"
    UNIPC_K = "unipc_k"


@attrs.frozen(kw_only=True)
class DefaultSettings:
    """What a generation takes for the values it does not name; None: the server's own default."""

    steps: int | None = None
    cfg_scale: float | None = None
    scheduler: SchedulerName | None = None
    vae: ModelKey | None = None
    width: int | None = None  # pixels
    height: int | None = None  # pixels


@attrs.frozen(kw_only=True)
class Model:
    """Weights in the catalogue."""

    key: ModelKey
    name: str  # unique within type and base, case ignored
    type: ModelType
    base: BaseModel
    format: ModelFormat
    variant: str | None = None  # such as "fp16"
    description: str = ""
    source: str  # where it was added from, as it was typed
    path: str  # absolute, or relative to the root's `models` folder
    hash: str  # "sha256:…" over the names, sizes and content of its files
    file_size: int  # bytes
    default_settings: DefaultSettings = DefaultSettings()
    trigger_phrases: tuple[str, ...] = ()
    created_at: datetime  # aware, UTC
    updated_at: datetime


@attrs.frozen(kw_only=True)
class BundledModel:
    """A model that comes with the program, as its package describes it."""

    key: ModelKey
    name: str
    type: ModelType
    base: BaseModel
    path: str  # absolute
    description: str = ""
    default_settings: DefaultSettings = DefaultSettings()


def checked_model_name(text: str) -> str:
    """Return the name, trimmed; raise Invalid outside 1 to 200 characters."""
    name = text.strip()
    if not 1 <= len(name) <= 200:
        raise Invalid("A model's name has 1 to 200 characters.", field="name")
    return name
