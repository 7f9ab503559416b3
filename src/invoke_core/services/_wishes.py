"""What a wish names is looked up, and the principal's right to use it checked."""

from invoke_core.domain.boards import Permission
from invoke_core.domain.generation import Generation, GenerationWish, LoraWeight, settled
from invoke_core.domain.identifiers import ImageName
from invoke_core.domain.models import Model, ModelType
from invoke_core.domain.principals import Principal
from invoke_core.errors import Invalid, NotFound
from invoke_core.ports.unit_of_work import Work
from invoke_core.services._places import Places, required_board


def settle(work: Work, principal: Principal, wish: GenerationWish, seed: int) -> Generation:
    """Return the wish with keys in place of names, and every absent value filled in.

    Args:
        work: any unit of work.
        principal: who asks.
        wish: what was asked for.
        seed: the one for a wish without one.

    Raises:
        NotFound: a model, LoRA, board or image is unknown, or hidden from the principal.
        Forbidden: the principal may see the board, but not add to it.
        Invalid: a LoRA is made for another family of models.
    """
    model = _find(work, wish.model, ModelType.MAIN)
    loras = tuple(_lora(work, lora, model) for lora in wish.loras)
    if wish.board_id is not None:
        required_board(work, Permission.WRITE, principal, wish.board_id)
    if wish.init_image is not None:
        require_visible(work, principal, wish.init_image.image_name)
    return settled(
        wish,
        model=model.key,
        base=model.base,
        defaults=model.default_settings,
        loras=loras,
        seed=seed,
    )


def require_visible(work: Work, principal: Principal, image_name: ImageName) -> None:
    """Raise NotFound where the image is unknown or hidden from the principal."""
    Places(work).required(Permission.READ, principal, image_name)


def _lora(work: Work, wished: LoraWeight, model: Model) -> LoraWeight:
    lora = _find(work, wished.model, ModelType.LORA)
    if lora.base is not model.base:
        raise Invalid(
            f"The LoRA '{lora.name}' is made for {lora.base} models, and '{model.name}' is"
            f" {model.base}.",
            field="generation.loras",
        )
    return LoraWeight(model=lora.key, weight=wished.weight)


def _find(work: Work, key_or_name: str, type: ModelType) -> Model:
    model = work.models.find(key_or_name, type)
    if model is None:
        raise NotFound("LoRA" if type is ModelType.LORA else "model", key_or_name)
    return model
