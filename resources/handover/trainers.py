"""TRL's trainers with the recipe's batches, loss and schedule."""

import time

import torch
import torch.nn.functional as F
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import SequentialSampler
from trl import SFTTrainer
from trl.experimental.gkd import GKDTrainer

from given import IGNORED, learning_rate_share
from follower import Follower


class FollowsRecipe:
    """The loss averages over each completion first and then over the batch ("sequence"), or over all tokens ("token")."""

    def follow(self, stage: dict, folder, data) -> None:
        self.settings = stage
        # The loss below is that of the whole batch, however it is split.
        self.loss_is_scaled_for_ga = True
        self.follower = Follower(self, folder, data)
        self.add_callback(self.follower)

    def _get_train_sampler(self, *_):
        return SequentialSampler(self.train_dataset)

    def create_scheduler(self, num_training_steps: int, optimizer=None):
        if self.lr_scheduler is None:
            train = self.settings["train"]
            self.lr_scheduler = LambdaLR(optimizer or self.optimizer, lambda done: learning_rate_share(done, train))
        return self.lr_scheduler

    def logits_of(self, model, inputs):
        """Logits of [batch, length - 1] positions that predict the next token, over the tokens that both models know."""
        mask = inputs["attention_mask"]
        places = (mask.cumsum(-1) - 1).clamp_min(0)
        logits = model(input_ids=inputs["input_ids"], attention_mask=mask, position_ids=places).logits
        return logits[:, :-1, : self.settings["vocabulary"]]

    def losses_of(self, model, inputs, learned):
        """Losses [tokens] of the learned tokens, and of what is measured beside them."""
        raise NotImplementedError

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        learned = inputs["labels"][:, 1:] != IGNORED
        losses, facts = self.losses_of(model, inputs, learned)
        rows = learned.nonzero()[:, 0]
        counts = learned.sum(-1).clamp_min(1)
        self.follower.take(inputs, learned, losses.detach(), facts)
        if self.settings["method"]["reduction"] == "sequence":
            means = torch.zeros_like(counts, dtype=losses.dtype).index_add(0, rows, losses) / counts
            loss = means.sum() / self.settings["train"]["batchSize"]
        elif num_items_in_batch is not None and not facts["onPolicy"]:
            loss = losses.sum() / num_items_in_batch
        else:
            # How many tokens the others write is not known yet.
            parts = self.args.gradient_accumulation_steps * self.accelerator.num_processes
            loss = losses.mean() / parts
        # The processes' gradients are averaged, and this is a sum.
        return loss * self.accelerator.num_processes


class FineTuner(FollowsRecipe, SFTTrainer):
    def losses_of(self, model, inputs, learned):
        logits = self.logits_of(model, inputs)[learned].float()
        labels = inputs["labels"][:, 1:][learned]
        with torch.no_grad():
            chances = logits.log_softmax(-1)
            entropy = -(chances.exp() * chances).sum(-1)
        return F.cross_entropy(logits, labels, reduction="none"), {"onPolicy": False, "studentEntropy": entropy}


class Distiller(FollowsRecipe, GKDTrainer):
    def follow(self, stage: dict, folder, data) -> None:
        super().follow(stage, folder, data)
        self.generation_config.eos_token_id = stage["eos"]
        self.is_own = False

    def training_step(self, model, inputs, num_items_in_batch=None):
        # TRL draws who writes anew in every process; the recipe's seed has drawn it for all.
        is_own = bool(self.follower.writers[self.state.global_step])
        self.lmbda = 1.0 if is_own else -1.0
        self.is_own, self.began = is_own, time.perf_counter()
        return super().training_step(model, inputs, num_items_in_batch)

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        if self.is_own:
            self.follower.rollout_seconds += time.perf_counter() - self.began
        return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)

    def losses_of(self, model, inputs, learned):
        method = self.settings["method"]
        student = self.logits_of(model, inputs)[learned].float()
        self.teacher_model.eval()
        began = time.perf_counter()
        with torch.no_grad():
            teacher = self.logits_of(self.teacher_model, inputs)[learned].float()
        self.follower.teacher_seconds += time.perf_counter() - began
        divergence = self.generalized_jsd_loss(
            student, teacher, beta=method["beta"], temperature=method["lossTemperature"], reduction="none"
        ).sum(-1)
        with torch.no_grad():
            entropies = [-(chances.exp() * chances).sum(-1) for chances in (student.log_softmax(-1), teacher.log_softmax(-1))]
            agreement = (student.argmax(-1) == teacher.argmax(-1)).float()
        return divergence * method["scale"], {
            "onPolicy": self.is_own and model.training, "divergence": divergence.detach(), "agreement": agreement,
            "studentEntropy": entropies[0], "teacherEntropy": entropies[1],
        }
