"""All that is known of particular architectures; everywhere else a model is just modules.

A role is recognised by how its name ends. A role that is not listed shares only with itself.
"""

from __future__ import annotations

from geocolor.units.unit import Side

__all__ = ["PRE_NORMS", "RESIDUAL_ROLES"]

# Which matrices read the residual stream and which write it. Longer endings win.
RESIDUAL_ROLES: dict[str, Side] = {
    # Llama, Mistral, Qwen and their many relatives
    "q_proj": Side.READ,
    "k_proj": Side.READ,
    "v_proj": Side.READ,
    "o_proj": Side.WRITE,
    "gate_proj": Side.READ,
    "up_proj": Side.READ,
    "down_proj": Side.WRITE,
    # BERT, RoBERTa, ViT as transformers names them
    "attention.self.query": Side.READ,
    "attention.self.key": Side.READ,
    "attention.self.value": Side.READ,
    "attention.attention.query": Side.READ,
    "attention.attention.key": Side.READ,
    "attention.attention.value": Side.READ,
    "attention.output.dense": Side.WRITE,
    "intermediate.dense": Side.READ,
    "output.dense": Side.WRITE,
}

# Scale-only norms whose output is read by these siblings and by nothing else, by
# config.model_type: their scale can be moved into the readers without changing the model.
_LLAMA_NORMS = {
    "input_layernorm": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "post_attention_layernorm": ("mlp.gate_proj", "mlp.up_proj"),
}
PRE_NORMS: dict[str, dict[str, tuple[str, ...]]] = {
    "llama": _LLAMA_NORMS,
    "mistral": _LLAMA_NORMS,
    "qwen2": _LLAMA_NORMS,
    "qwen3": _LLAMA_NORMS,
}
