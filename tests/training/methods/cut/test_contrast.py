"""Each option of PatchNCE builds the loss that it states; every expectation is written out by hand."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from tests.training.factories import tiny_config
from tests.training.known import picture
from training.errors import InputError
from training.losses import patch_nce, patch_nce_with_bank
from training.methods.cut.bank import KeyBank, follow
from training.methods.cut.step import Cut
from training.networks.projection import ProjectionHead
from training.networks.resnet import ResnetGenerator

CPU = torch.device("cpu")
TAU = 0.07


def pictures(seed: int, count: int = 2) -> Tensor:
    return torch.cat([picture(seed + index, 32, 32) for index in range(count)])


def method_with(**options: object) -> Cut:
    torch.manual_seed(0)
    method = Cut(tiny_config("cut", **{"patches": 4, "batch": 2, **options}), CPU)
    for network in method.networks.values():
        for parameter in network.parameters():  # xavier's tiny weights would make all features alike
            torch.nn.init.normal_(parameter, std=0.5)
    method.contrast.sample_patches = lambda positions: torch.arange(0, 4 * 7, 7)
    return method


def head_of(method: Cut) -> ProjectionHead:
    head = method.networks["head"]
    assert isinstance(head, ProjectionHead)
    return head


def by_hand(query: Tensor, positive: Tensor, negatives: list[Tensor]) -> float:
    """-log softmax of the positive's similarity among all (paper, equation 4)."""
    scores = [math.exp((query @ key).item() / TAU) for key in (positive, *negatives)]
    return -math.log(scores[0] / sum(scores))


def unit(rows: Tensor) -> Tensor:
    return rows / (rows.norm(dim=-1, keepdim=True) + 1e-7)


def vectors(method: Cut, features: list[Tensor]) -> list[Tensor]:
    """The head's unit vectors (N, 4, width) at the positions of ``method_with``, tap by tap."""
    rows = []
    for tap, feature in enumerate(features):
        patches = feature.flatten(2)[:, :, torch.arange(0, 28, 7)].transpose(1, 2)
        rows.append(unit(head_of(method).get_submodule(f"mlp_{tap}")(patches)))
    return rows


def expected_nce(queries: list[Tensor], keys: list[Tensor], others: dict[str, list[Tensor]]) -> float:
    """The mean over taps, pictures and patches; negatives from the picture, the minibatch or ``others`` (the bank)."""
    taps = []
    for tap, (query, key) in enumerate(zip(queries, keys, strict=True)):
        losses = []
        for n in range(len(query)):
            for p in range(query.shape[1]):
                own = [key[n, j] for j in range(key.shape[1]) if j != p] if "image" in others else []
                far = [key[m, j] for m in range(len(key)) for j in range(key.shape[1]) if m != n]
                batch = far if "minibatch" in others else []
                bank = list(others["bank"][tap]) if "bank" in others else []
                losses.append(by_hand(query[n, p], key[n, p], [*own, *batch, *bank]))
        taps.append(sum(losses) / len(losses))
    return sum(taps) / len(taps)


def seen_nce(method: Cut) -> tuple[float, list[Tensor], list[Tensor]]:
    """The loss, and the queries' and keys' maps that it must be of."""
    with torch.no_grad():
        forward = method.forward(pictures(1), pictures(5), mirror=False)
        loss = method.generator_losses(forward, pictures(5))["NCE"].item()
        return loss, method.contrast.query_features(forward.translated), forward.source_features


@pytest.mark.parametrize(
    ("negatives", "others"), [("image", {"image": []}), ("minibatch", {"image": [], "minibatch": []})]
)
def test_negatives_come_from_the_picture_or_from_the_minibatch(negatives: str, others: dict[str, list[Tensor]]) -> None:
    method = method_with(negatives=negatives)
    loss, queries, keys = seen_nce(method)
    assert loss == pytest.approx(expected_nce(vectors(method, queries), vectors(method, keys), others), rel=1e-4)


@pytest.mark.parametrize(("negatives", "own"), [("bank", {}), ("image+bank", {"image": []})])
def test_negatives_come_from_a_bank_of_momentum_keys(negatives: str, own: dict[str, list[Tensor]]) -> None:
    method = method_with(negatives=negatives, bank_size=6)
    kept = [unit(torch.randn(6, 8, generator=torch.Generator().manual_seed(tap))) for tap in range(4)]
    for tap, vector in enumerate(kept):
        method.contrast.banks["source"].add(tap, vector)
    loss, queries, keys = seen_nce(method)
    encoder, head = (method.contrast.momentum[name] for name in ("encoder", "head"))
    assert isinstance(encoder, ResnetGenerator)
    for seen, expected in zip(keys, encoder.encode(pictures(1), method.contrast.taps), strict=True):
        torch.testing.assert_close(seen, expected)
    key_vectors = head(keys, [torch.arange(0, 28, 7)] * 4)
    assert loss == pytest.approx(expected_nce(vectors(method, queries), key_vectors, {**own, "bank": kept}), rel=1e-4)


def test_an_empty_bank_counts_for_nothing() -> None:
    query, key = (unit(torch.randn(1, 3, 4, generator=torch.Generator().manual_seed(seed))) for seed in (1, 2))
    empty = KeyBank([4], 5).keys(0)
    assert torch.equal(patch_nce_with_bank(query, key, *empty, TAU, internal=False), torch.zeros(1, 3))
    torch.testing.assert_close(patch_nce_with_bank(query, key, *empty, TAU, internal=True), patch_nce(query, key, TAU))


def test_the_bank_forgets_the_oldest_keys_first() -> None:
    bank = KeyBank([1], 4)
    for start in (0, 3, 6):
        bank.add(0, torch.arange(start, start + 3.0)[:, None])
    keys, stored = bank.keys(0)
    assert sorted(keys.flatten().tolist()) == [5, 6, 7, 8]
    assert stored.all()
    bank.add(0, torch.arange(10.0)[:, None])
    assert sorted(bank.keys(0)[0].flatten().tolist()) == [6, 7, 8, 9]


def test_a_step_feeds_both_banks_and_moves_the_copies() -> None:
    method = method_with(negatives="image+bank", bank_size=64, momentum=0.9)
    before = [p.clone() for p in method.contrast.momentum["head"].parameters()]
    method.step(pictures(1), pictures(5))
    for domain in ("source", "target"):
        assert method.contrast.banks[domain].get_buffer("added").tolist() == [8] * 4  # 2 pictures x 4 patches
    for old, new, live in zip(
        before,
        method.contrast.momentum["head"].parameters(),
        method.networks["head"].parameters(),
        strict=True,
    ):
        torch.testing.assert_close(new, 0.9 * old + 0.1 * live)


def test_followers_move_by_the_momentum() -> None:
    slow, fast = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    torch.nn.init.constant_(slow.weight, 1.0)
    torch.nn.init.constant_(fast.weight, 2.0)
    follow(slow, fast, 0.75)
    assert slow.weight.item() == 1.25


def test_momentum_copies_and_banks_are_part_of_a_checkpoint() -> None:
    assert set(method_with(negatives="bank", bank_size=4).networks) == {
        "generator",
        "discriminator",
        "head",
        "momentum_encoder",
        "momentum_head",
        "bank_source",
        "bank_target",
    }


def test_without_a_head_the_features_themselves_are_compared() -> None:
    method = method_with(head=False)
    assert "head" not in method.networks
    loss, queries, keys = seen_nce(method)

    def plain(features: list[Tensor]) -> list[Tensor]:
        return [F.normalize(f.flatten(2)[:, :, torch.arange(0, 28, 7)].transpose(1, 2), dim=-1) for f in features]

    assert loss == pytest.approx(expected_nce(plain(queries), plain(keys), {"image": []}), rel=1e-4)
    method.step(pictures(1), pictures(5))


def test_a_separate_encoder_makes_keys_and_queries_and_learns() -> None:
    method = method_with(encoder="separate")
    encoder = method.networks["encoder"]
    assert isinstance(encoder, ResnetGenerator)
    assert set(method.optimisers) == {"generator", "discriminator", "head", "encoder"}
    loss, queries, keys = seen_nce(method)
    for seen, expected in zip(keys, encoder.encode(pictures(1), method.contrast.taps), strict=True):
        torch.testing.assert_close(seen, expected)
    assert loss == pytest.approx(expected_nce(vectors(method, queries), vectors(method, keys), {"image": []}), rel=1e-4)
    before = [p.clone() for p in encoder.parameters()]
    method.step(pictures(1), pictures(5))
    assert any(not torch.equal(old, new) for old, new in zip(before, encoder.parameters(), strict=True))


@pytest.mark.parametrize(("taps", "expected"), [("all", (0, 4, 8, 12)), ("last", (12,)), ("8,4", (4, 8))])
def test_taps_are_all_the_last_or_the_named_ones(taps: str, expected: tuple[int, ...]) -> None:
    method = method_with(taps=taps, blocks=1)
    assert method.contrast.taps == expected
    assert len(method.forward(pictures(1), pictures(5), mirror=False).source_features) == len(expected)


def test_a_tap_behind_the_encoder_is_refused() -> None:
    with pytest.raises(InputError, match="--taps is '4,99', but PatchNCE compares layers up to 12 here"):
        method_with(taps="4,99", blocks=1)


@pytest.mark.parametrize("patches", [4, 2])
def test_the_number_of_patches_is_the_number_of_queries(patches: int) -> None:
    method = Cut(tiny_config(patches=patches), CPU)
    positions = method.contrast.sample_patches(100)
    assert len(positions) == len(set(positions.tolist())) == patches


@pytest.mark.parametrize("weight", [0.5, 2.0])
def test_the_identity_loss_is_averaged_in_with_its_weight(weight: float) -> None:
    method = method_with(identity_weight=weight, nce_weight=3.0)
    losses = method.generator_losses(method.forward(pictures(1), pictures(5), mirror=False), pictures(5))
    nce = (losses["NCE"] + weight * losses["NCE_identity"]) / (1 + weight)
    assert losses["G"].item() == pytest.approx((losses["G_GAN"] + nce).item(), rel=1e-6)


@pytest.mark.parametrize("temperature", [0.07, 0.5])
def test_the_temperature_divides_the_similarities(temperature: float) -> None:
    query, key = (unit(torch.randn(1, 3, 4, generator=torch.Generator().manual_seed(seed))) for seed in (1, 2))
    scores = torch.exp(query[0] @ key[0].T / temperature)
    expected = -torch.log(scores.diagonal() / scores.sum(dim=1))
    torch.testing.assert_close(patch_nce(query, key, temperature)[0], expected)


def test_patches_without_any_negative_are_refused() -> None:
    with pytest.raises(InputError, match="has no negatives; raise --patches"):
        tiny_config(patches=1, batch=1, negatives="minibatch")


def test_the_translating_pass_is_the_only_one_that_makes_keys() -> None:
    """CUT encodes once more for the queries; nothing else runs the encoder."""
    method = method_with()
    runs: list[int] = []
    method.generator.layers()[1].register_forward_hook(lambda *_: runs.append(1))
    method.step(pictures(1), pictures(5))
    assert len(runs) == 2
