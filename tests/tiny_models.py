"""Random models of the smallest size that the real classes take, each built in about a second.

They draw noise, but load, run and fail through exactly the path of a real folder.
"""

from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    ControlNetModel,
    DDIMScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import save_file
from tokenizers import pre_tokenizers
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    T5Config,
    T5EncoderModel,
    T5TokenizerFast,
)

torch.set_num_threads(1)  # more of them wait for one another on models this small

WIDTH = 32  # numbers to a token
LENGTH = 32  # tokens of a prompt
START, END = "<|startoftext|>", "<|endoftext|>"


def tokenizer() -> CLIPTokenizer:
    """Return a tokenizer that spells everything out in bytes."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = [*letters, *(letter + "</w>" for letter in letters), START, END]
    return CLIPTokenizer(
        vocab={token: number for number, token in enumerate(tokens)},
        merges=[],
        model_max_length=LENGTH,
        bos_token=START,
        eos_token=END,
        unk_token=END,
        pad_token=END,
    )


def _text_config(words: CLIPTokenizer) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        projection_dim=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=LENGTH,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )


def _autoencoder(*, levels: int = 3, shift: float | None = None) -> AutoencoderKL:
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=(16,) * levels,
        layers_per_block=1,
        latent_channels=4,
        shift_factor=shift,
        norm_num_groups=4,
        sample_size=64,
        mid_block_add_attention=False,
    )
    see_through(vae)
    return vae


@torch.no_grad()
def see_through(vae: AutoencoderKL) -> None:
    """Set the weights so that latents are the mean colours of their blocks, times 5.

    With weights drawn at random nothing that is encoded could be recognised when it is decoded. Each
    of the first three groups of channels carries one colour beside a large constant: group
    normalisation, which sees the two together, is then linear in the colour.
    """
    constant = 64.0
    for part in (vae.encoder, vae.decoder):
        for name, weights in part.named_parameters():
            if "norm" in name and name.endswith("weight"):
                weights.fill_(1.0)
            elif "samplers" in name and name.endswith("weight"):
                weights.zero_()
                one = torch.eye(*weights.shape[:2])
                if "down" in name:  # strides of 2, padded at the right and below
                    weights[:, :, :2, :2] = one[:, :, None, None] / 4
                else:
                    weights[:, :, 1, 1] = one
            else:
                weights.zero_()  # residuals add nothing
        first, last, norm = part.conv_in, part.conv_out, part.conv_norm_out
        channels = norm.num_channels // norm.num_groups  # in a group; half of them stay empty
        for colour in range(3):
            first.weight[channels * colour, colour, 1, 1] = 1.0
            first.bias[channels * colour + 1] = constant
            # In the group: one colour c, one constant K, the others 0.
            mean = constant / channels
            deviation = (constant**2 / channels - mean**2) ** 0.5
            norm.weight[channels * colour] = deviation
            norm.bias[channels * colour] = mean + 20.0  # where SiLU is the identity
            last.weight[colour, channels * colour, 1, 1] = 1.0
            last.bias[colour] = -20.0
    for colour in range(3):
        vae.encoder.conv_out.weight[colour] *= 5.0
        vae.encoder.conv_out.bias[colour] *= 5.0
        vae.decoder.conv_out.weight[colour] /= 5.0
        vae.decoder.conv_out.bias[colour] /= 5.0
    vae.encoder.conv_out.bias[4:] = -20.0  # the logarithm of the variance
    for outer in (vae.quant_conv, vae.post_quant_conv):
        outer.weight.copy_(torch.eye(*outer.weight.shape[:2])[:, :, None, None])
        outer.bias.zero_()


def build_stable_diffusion(folder: Path, *, seed: int = 0, levels: int = 3) -> Path:
    """Write a Stable Diffusion 1 folder and return it.

    Args:
        folder: where.
        seed: of the weights.
        levels: of the autoencoder; a side of the picture is 2^(levels - 1) of the latents'.
    """
    torch.manual_seed(seed)
    words = tokenizer()
    unet = UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=WIDTH,
        attention_head_dim=4,
        norm_num_groups=8,
    )
    StableDiffusionPipeline(
        vae=_autoencoder(levels=levels).half(),
        text_encoder=CLIPTextModel(_text_config(words)).half(),
        tokenizer=words,
        unet=unet.half(),
        scheduler=DDIMScheduler(
            beta_schedule="scaled_linear",
            beta_start=0.00085,
            beta_end=0.012,
            clip_sample=False,
            timestep_spacing="trailing",
            steps_offset=1,  # unused by trailing spacing; pipelines warn at 0
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder


def build_stable_diffusion_xl(folder: Path) -> Path:
    """Write a Stable Diffusion XL folder and return it."""
    torch.manual_seed(0)
    words = tokenizer()
    unet = UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=2 * WIDTH,
        attention_head_dim=4,
        norm_num_groups=8,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + WIDTH,
    )
    StableDiffusionXLPipeline(
        vae=_autoencoder(),
        text_encoder=CLIPTextModel(_text_config(words)),
        text_encoder_2=CLIPTextModelWithProjection(_text_config(words)),
        tokenizer=words,
        tokenizer_2=words,
        unet=unet,
        scheduler=EulerDiscreteScheduler(),
    ).save_pretrained(folder)
    return folder


def build_flux(folder: Path) -> Path:
    """Write a FLUX folder and return it."""
    torch.manual_seed(0)
    words = tokenizer()
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -10.0), ("▁", -2.0)]
    pieces += [(letter, -3.0) for letter in "abcdefghijklmnopqrstuvwxyz"]
    FluxPipeline(
        vae=_autoencoder(shift=0.1),
        text_encoder=CLIPTextModel(_text_config(words)),
        text_encoder_2=T5EncoderModel(
            T5Config(
                vocab_size=len(pieces), d_model=WIDTH, d_kv=8, d_ff=64, num_layers=1, num_heads=4
            )
        ),
        tokenizer=words,
        tokenizer_2=T5TokenizerFast(vocab=pieces),
        transformer=FluxTransformer2DModel(
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=WIDTH,
            pooled_projection_dim=WIDTH,
            axes_dims_rope=(4, 4, 8),
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(),
    ).save_pretrained(folder)
    return folder


def build_lora(path: Path, *, seed: int = 0) -> Path:
    """Write a LoRA for `build_stable_diffusion`'s attention and return its file."""
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for block in ("down_blocks.1.attentions.0", "up_blocks.0.attentions.0"):
        for layer in ("to_q", "to_v"):
            name = f"unet.{block}.transformer_blocks.0.attn1.{layer}"
            weights[f"{name}.lora_A.weight"] = torch.randn(4, 32, generator=generator)
            weights[f"{name}.lora_B.weight"] = torch.randn(32, 4, generator=generator)
    name = "text_encoder.text_model.encoder.layers.0.self_attn.q_proj"
    weights[f"{name}.lora_A.weight"] = torch.randn(4, WIDTH, generator=generator)
    weights[f"{name}.lora_B.weight"] = torch.randn(WIDTH, 4, generator=generator)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(weights, path)
    return path


def build_controlnet(folder: Path, *, xl: bool = False, seed: int = 0) -> Path:
    """Write a ControlNet for `build_stable_diffusion` (or its XL) and return its folder."""
    torch.manual_seed(seed)
    own: dict[str, Any] = {"cross_attention_dim": WIDTH, "attention_head_dim": 4}
    if xl:
        own = {
            "cross_attention_dim": 2 * WIDTH,
            "attention_head_dim": 4,
            "use_linear_projection": True,
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 8,
            "projection_class_embeddings_input_dim": 6 * 8 + WIDTH,
        }
    net = ControlNetModel(
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        norm_num_groups=8,
        conditioning_embedding_out_channels=(16, 32, 32),  # as many halvings as the autoencoder's
        **own,
    )
    with torch.no_grad():  # those of a new one are 0, so that it would do nothing
        for module in (net.controlnet_mid_block, *net.controlnet_down_blocks):
            module.weight.normal_(std=0.5)
        net.controlnet_cond_embedding.conv_out.weight.normal_(std=0.5)
    net.save_pretrained(folder)
    return folder


def build_ip_adapter(folder: Path, unet: Path, *, seed: int = 0) -> Path:
    """Write an IP-Adapter for a UNet, with the image encoder that it needs, and return its folder."""
    torch.manual_seed(seed)
    encoder = CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=WIDTH,
            intermediate_size=2 * WIDTH,
            projection_dim=WIDTH,
            num_hidden_layers=1,
            num_attention_heads=4,
            image_size=32,
            patch_size=8,
        )
    )
    encoder.save_pretrained(folder / "image_encoder")
    net = UNet2DConditionModel.from_pretrained(unet)
    across = net.config.cross_attention_dim
    weights = {
        "image_proj.proj.weight": torch.randn(4 * across, WIDTH),
        "image_proj.proj.bias": torch.randn(4 * across),
        "image_proj.norm.weight": torch.ones(across),
        "image_proj.norm.bias": torch.zeros(across),
    }
    number = 1
    for name in net.attn_processors:
        if "attn2" in name:  # numbered among all, of which every second looks at the words
            width = net.get_submodule(name.removesuffix(".processor")).to_k.out_features
            for part in ("to_k_ip", "to_v_ip"):
                weights[f"ip_adapter.{number}.{part}.weight"] = torch.randn(width, across)
            number += 2
    save_file(weights, folder / "ip_adapter.safetensors")
    return folder


def build_embedding(path: Path, *, encoders: int = 1, vectors: int = 1, seed: int = 0) -> Path:
    """Write a textual inversion for so many text encoders and return its file."""
    generator = torch.Generator().manual_seed(seed)
    drawn = [3 * torch.randn((vectors, WIDTH), generator=generator) for _ in range(encoders)]
    names = ["emb_params"] if encoders == 1 else ["clip_l", "clip_g"]
    save_file(dict(zip(names, drawn, strict=True)), path)
    return path


def build_vae(folder: Path) -> Path:
    """Write an autoencoder that gives everything a green tinge, and return its folder."""
    torch.manual_seed(1)
    vae = _autoencoder()
    with torch.no_grad():
        vae.decoder.conv_out.bias[1] += 2.0
    vae.save_pretrained(folder)
    return folder
