"""What a wish names is looked up, and the principal's right to use it checked."""

from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from invoke_core.domain.boards import Permission
from invoke_core.domain.generation import Generation, GenerationWish, Guide, LoraWeight, settled
from invoke_core.domain.identifiers import ImageName, ModelKey
from invoke_core.domain.models import Model, ModelType
from invoke_core.domain.principals import Principal
from invoke_core.errors import Invalid, NotFound
from invoke_core.ports.unit_of_work import Work
from invoke_core.services._places import Places, required_board

WORDS: Final[Mapping[ModelType, str]] = {
    ModelType.MAIN: "model",
    ModelType.LORA: "LoRA",
    ModelType.CONTROLNET: "ControlNet",
    ModelType.IP_ADAPTER: "IP-Adapter",
    ModelType.EMBEDDING: "embedding",
    ModelType.VAE: "VAE",
}


def settle(work: Work, principal: Principal, wish: GenerationWish, seed: int) -> Generation:
    """Return the wish with keys in place of names, and every absent value filled in.

    Args:
        work: any unit of work.
        principal: who asks.
        wish: what was asked for.
        seed: the one for a wish without one.

    Raises:
        NotFound: a model of any kind, a board or an image is unknown, or hidden from the principal.
        Forbidden: the principal may see the board, but not add to it.
        Invalid: a model is made for another family than the main one.
    """
    model = _find(work, wish.model, ModelType.MAIN)

    def beside(key_or_name: str, type: ModelType, field: str) -> ModelKey:
        return _beside(work, model, key_or_name, type, field).key

    def guides(wished: Sequence[Guide], type: ModelType, field: str) -> tuple[Guide, ...]:
        return tuple(attrs.evolve(each, model=beside(each.model, type, field)) for each in wished)

    loras = tuple(
        LoraWeight(model=beside(lora.model, ModelType.LORA, "loras"), weight=lora.weight)
        for lora in wish.loras
    )
    if wish.board_id is not None:
        required_board(work, Permission.WRITE, principal, wish.board_id)
    for image_name in wish.pictures:
        require_visible(work, principal, image_name)
    return settled(
        wish,
        model=model.key,
        base=model.base,
        defaults=model.default_settings,
        loras=loras,
        controlnets=guides(wish.controlnets, ModelType.CONTROLNET, "controlnets"),
        ip_adapters=guides(wish.ip_adapters, ModelType.IP_ADAPTER, "ip_adapters"),
        embeddings=tuple(
            beside(each, ModelType.EMBEDDING, "embeddings") for each in wish.embeddings
        ),
        vae=_default_vae(work, model)
        if wish.vae is None
        else beside(wish.vae, ModelType.VAE, "vae"),
        seed=seed,
    )


def require_visible(work: Work, principal: Principal, image_name: ImageName) -> None:
    """Raise NotFound where the image is unknown or hidden from the principal."""
    Places(work).required(Permission.READ, principal, image_name)


def _beside(work: Work, main: Model, key_or_name: str, type: ModelType, field: str) -> Model:
    """Return a model that is used beside the main one."""
    found = _find(work, key_or_name, type)
    if found.base is main.base:
        return found
    if found.key != key_or_name:  # a name may be taken once in every family
        for each in work.models.list(type=type, bases=[main.base]):
            if each.name.casefold() == found.name.casefold():
                return each
    raise Invalid(
        f"The {WORDS[type]} '{found.name}' is made for {found.base} models, and '{main.name}' is"
        f" {main.base}.",
        field=f"generation.{field}",
    )


def _default_vae(work: Work, model: Model) -> ModelKey | None:
    """Return the VAE of the model's default settings, unless it has left the catalogue."""
    wanted = model.default_settings.vae
    found = wanted and work.models.find(wanted, ModelType.VAE)
    return found.key if found else None


def _find(work: Work, key_or_name: str, type: ModelType) -> Model:
    model = work.models.find(key_or_name, type)
    if model is None:
        raise NotFound(WORDS[type], key_or_name)
    return model
