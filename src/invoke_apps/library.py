"""What a program that uses the project as a library needs, under one roof."""

from invoke_apps.application import Application
from invoke_apps.composition import build, in_memory
from invoke_apps.config import load_settings
from invoke_apps.settings import Settings
from invoke_apps.worker import run_until_idle
from invoke_core.domain.boards import BoardPosition, BoardQuery, Permission, Visibility
from invoke_core.domain.generation import GenerationWish, Guide, InitImage, LoraWeight
from invoke_core.domain.image_lists import Position
from invoke_core.domain.images import ImageQuery
from invoke_core.domain.principals import Principal, host_principal
from invoke_core.domain.queue import BatchWish, JobQuery
from invoke_core.domain.sessions import acting_as
from invoke_core.domain.shelves import Shelf, Whose
from invoke_core.domain.style_presets import PresetText
from invoke_core.domain.workflows import WorkflowQuery
from invoke_core.ports.storage import Rendition
from invoke_core.services.style_presets import PresetWish

__all__ = [
    "Application",
    "BatchWish",
    "BoardPosition",
    "BoardQuery",
    "GenerationWish",
    "Guide",
    "ImageQuery",
    "InitImage",
    "JobQuery",
    "LoraWeight",
    "Permission",
    "Position",
    "PresetText",
    "PresetWish",
    "Principal",
    "Rendition",
    "Settings",
    "Shelf",
    "Visibility",
    "Whose",
    "WorkflowQuery",
    "acting_as",
    "build",
    "host_principal",
    "in_memory",
    "load_settings",
    "run_until_idle",
]
