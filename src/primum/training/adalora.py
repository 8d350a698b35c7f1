"""What adalora needs beside its weights: ranks given to the matrices that use them, and factors kept orthogonal.

peft has both, but asks its caller to allocate after every step, and adds the penalty only to a loss of its own.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from primum.model.net import Net


class RankAllocation(TrainerCallback):
    """Zeroes the least important singular values step by step, until `rank` of them a matrix are left on average.

    The ranks shrink from a tenth of the training on and are settled at two thirds. Does nothing for other methods.
    Source: Zhang et al. 2023, "AdaLoRA", section 3.2 and equation 11.
    """

    def __init__(self, net: Net) -> None:
        self._tuners: list[Any] = []
        if net.orthogonal:
            from peft import AdaLoraModel

            self._tuners = [module for module in net.modules() if isinstance(module, AdaLoraModel)]

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Plan the allocation by the steps that the training will take."""
        steps = max(state.max_steps, 4)  # peft's plan needs a step before, between and after
        for tuner in self._tuners:
            plan = tuner.peft_config[tuner.trainable_adapter_name]
            plan.total_step, plan.tinit, plan.tfinal = steps, steps // 10, steps // 3
            plan.deltaT = max(steps // 50, 1)

    def on_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Weigh the singular values by the gradients just used, and zero what is over the budget."""
        for tuner in self._tuners:
            tuner.update_and_allocate(state.global_step + 1)


def orthogonality(net: Net) -> torch.Tensor:
    """Return adalora's penalty 0.5 * mean ||P P^T - I||_F over its factors (Zhang et al. 2023, section 3.1), or 0."""
    terms = []
    for name, parameter in net.named_parameters() if net.orthogonal else ():
        if "lora_A" not in name and "lora_B" not in name:
            continue
        gram = parameter @ parameter.T if "lora_A" in name else parameter.T @ parameter
        terms.append(torch.linalg.matrix_norm(gram - torch.eye(len(gram), device=gram.device)))
    return 0.5 * torch.stack(terms).mean() if terms else net.head.shift.new_zeros(())
