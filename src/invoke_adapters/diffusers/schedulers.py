"""Noise schedules: InvokeAI's names, and what they are called in diffusers."""

import warnings
from collections.abc import Mapping
from typing import Any, Final

import diffusers

from invoke_core.domain.models import SchedulerName
from invoke_core.errors import Invalid

PLAIN: Final[Mapping[str, Any]] = {"use_karras_sigmas": False}
KARRAS: Final[Mapping[str, Any]] = {"use_karras_sigmas": True}  # Karras et al. 2022, eq. 5

SCHEDULERS: Final[Mapping[SchedulerName, tuple[str, Mapping[str, Any]]]] = {
    SchedulerName.DDIM: ("DDIMScheduler", {}),
    SchedulerName.DDPM: ("DDPMScheduler", {}),
    SchedulerName.DEIS: ("DEISMultistepScheduler", PLAIN),
    SchedulerName.DPMPP_2M: ("DPMSolverMultistepScheduler", PLAIN),
    SchedulerName.DPMPP_2M_K: ("DPMSolverMultistepScheduler", KARRAS),
    SchedulerName.DPMPP_SDE: ("DPMSolverSDEScheduler", PLAIN),
    SchedulerName.EULER: ("EulerDiscreteScheduler", PLAIN),
    SchedulerName.EULER_K: ("EulerDiscreteScheduler", KARRAS),
    SchedulerName.EULER_A: ("EulerAncestralDiscreteScheduler", {}),
    SchedulerName.HEUN: ("HeunDiscreteScheduler", PLAIN),
    SchedulerName.KDPM_2: ("KDPM2DiscreteScheduler", PLAIN),
    SchedulerName.KDPM_2_A: ("KDPM2AncestralDiscreteScheduler", PLAIN),
    SchedulerName.LCM: ("LCMScheduler", {}),
    SchedulerName.LMS: ("LMSDiscreteScheduler", PLAIN),
    SchedulerName.PNDM: ("PNDMScheduler", {"skip_prk_steps": True}),
    SchedulerName.TCD: ("TCDScheduler", {}),
    SchedulerName.UNIPC: ("UniPCMultistepScheduler", PLAIN),
    SchedulerName.UNIPC_K: ("UniPCMultistepScheduler", KARRAS),
}


def is_flow_matching(own: Any) -> bool:
    """Return whether a model's own scheduler is of the kind that FLUX needs."""
    return str(own.config.get("_class_name", type(own).__name__)).startswith("FlowMatch")


def scheduler_for(name: SchedulerName, own: Any) -> Any:
    """Return a new scheduler with the model's own noise levels, spacing and prediction type.

    Args:
        name: which one.
        own: the scheduler that came with the model.

    Raises:
        Invalid: the model cannot use it, or it needs a library that is not installed.
    """
    if is_flow_matching(own):
        if name is not SchedulerName.EULER:
            raise Invalid(
                f"This model knows the scheduler euler only, not {name}.",
                field="generation.scheduler",
            )
        return type(own).from_config(own.config)
    class_name, changes = SCHEDULERS[name]
    try:
        with warnings.catch_warnings(action="ignore"):  # some meet numpy in an old-fashioned way
            return getattr(diffusers, class_name).from_config({**own.config, **changes})
    except ImportError as error:  # diffusers puts a stand-in where scipy or torchsde is missing
        raise Invalid(
            f"The scheduler {name} needs a library that is not installed here: choose another, or"
            " install the extra 'diffusers' again.",
            field="generation.scheduler",
        ) from error


def require_steps(name: SchedulerName, scheduler: Any, steps: int) -> None:
    """Raise Invalid where the scheduler draws from a fixed table with fewer steps than asked for."""
    most = scheduler.config.get("original_inference_steps")
    if most is not None and steps > most:
        raise Invalid(f"The scheduler {name} takes at most {most} steps.", field="generation.steps")
