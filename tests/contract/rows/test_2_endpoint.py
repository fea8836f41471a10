# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An endpoint: ids, task types, settings and their types."""

from __future__ import annotations

from typing import Any

from tests.contract.cluster import Cluster
from tests.contract.expectations import ABSENT, Error, Success, text_matches
from tests.contract.verdicts import row

SECTION = "An endpoint"
SERVICE = "AnthropicChatCompletionServiceSettings"
TASK = "AnthropicChatCompletionTaskSettings"
UTILITIES = "ServiceUtils"


def rejected(cluster: Cluster, body: Any, expected: Error, task_type: str = "completion") -> None:
    """Check that a create is rejected, and that nothing was stored."""
    inference_id = cluster.new_id()
    cluster.create(inference_id, body, task_type).expect(expected)
    cluster.read(inference_id).expect(Error(404))


def stored(cluster: Cluster, body: Any, expected: Any) -> str:
    """Check that a create is accepted, and that the response and a read show what is expected."""
    inference_id = cluster.new_id()
    cluster.create(inference_id, cluster.accepted(body)).expect(Success(expected))
    cluster.read(inference_id).expect(Success({"endpoints": [expected]}))
    return inference_id


def with_service(cluster: Cluster, **settings: Any) -> dict[str, Any]:
    """Return the body of a create with these service settings. None leaves one out."""
    return cluster.body(cluster.settings(**settings))


@row("id-syntax", SECTION, source="PutInferenceModelAction.Request.validate, MlStrings.isValidId")
def test_id_with_other_characters_is_rejected(cluster: Cluster) -> None:
    """An ID contains lowercase letters, digits, `_`, `-`, and `.`, and ends with a letter or digit."""
    for ending in ("-A", "-", "_", ".", "-ä", "-a+b"):
        cluster.create(cluster.new_id(ending), cluster.body()).expect(Error(400))


@row("id-punctuation", SECTION, source="MlStrings.isValidId")
def test_id_with_inner_punctuation_is_accepted(cluster: Cluster) -> None:
    """`_`, `-`, and `.` are valid within an ID."""
    inference_id = cluster.new_id("-a_b.c-d9")
    cluster.create(inference_id, cluster.accepted(cluster.body())).expect(Success({"inference_id": inference_id}))


@row("task-type-unsupported", SECTION, source="TaskType.unsupportedTaskTypeErrorMsg")
def test_unsupported_task_type_is_rejected(cluster: Cluster) -> None:
    """Task types other than `completion` and `chat_completion` are a 400."""
    for task_type in ("text_embedding", "sparse_embedding", "rerank"):
        reason = f"The [anthropic] service does not support task type [{task_type}]"
        rejected(cluster, cluster.body(), Error(400, "status_exception", reason), task_type)


@row("task-type-embedding", SECTION, holds=">=9.3", source="elastic/elasticsearch#138198", derived=True)
def test_task_type_embedding_is_known_but_unsupported(cluster: Cluster) -> None:
    """The task type `embedding` exists, but the service does not support it."""
    reason = "The [anthropic] service does not support task type [embedding]"
    rejected(cluster, cluster.body(), Error(400, "status_exception", reason), "embedding")


@row("chat-completion-unsupported", SECTION, holds=">=8.18,<9.5", source="AnthropicService.supportedTaskTypes")
def test_chat_completion_is_rejected_before_9_5(cluster: Cluster) -> None:
    """Before 9.5 the service does not support `chat_completion`."""
    reason = "The [anthropic] service does not support task type [chat_completion]"
    rejected(cluster, cluster.body(), Error(400, "status_exception", reason), "chat_completion")


@row("chat-completion-supported", SECTION, holds=">=9.5", source="AnthropicService.supportedTaskTypes")
def test_chat_completion_is_accepted_from_9_5(cluster: Cluster) -> None:
    """From 9.5 the service supports `chat_completion`."""
    inference_id = cluster.new_id()
    answer = cluster.create(inference_id, cluster.accepted(cluster.body()), "chat_completion")
    answer.expect(Success({"inference_id": inference_id, "task_type": "chat_completion"}))


@row("api-key-required", SECTION, source="DefaultSecretSettings.fromMap")
def test_create_without_api_key_is_rejected(cluster: Cluster) -> None:
    """A create requires `api_key`."""
    reason = "Validation Failed: 1: [secret_settings] does not contain the required setting [api_key];"
    expected = Error(400, "validation_exception", reason)
    rejected(cluster, with_service(cluster, api_key=None), expected)


@row("model-id-required", SECTION, holds="<9.6", source=f"{SERVICE}.fromMap")
def test_create_without_model_id_is_rejected(cluster: Cluster) -> None:
    """A create requires `model_id`."""
    reason = "Validation Failed: 1: [service_settings] does not contain the required setting [model_id];"
    rejected(cluster, with_service(cluster, model_id=None), Error(400, "validation_exception", reason))


@row("model-id-required-strict", SECTION, holds=">=9.6", source=f"{SERVICE}, ObjectParser")
def test_create_without_model_id_is_rejected_by_the_strict_parser(cluster: Cluster) -> None:
    """A create requires `model_id`. A strict parser reports that it is missing."""
    rejected(cluster, with_service(cluster, model_id=None), Error(400, reason="…model_id…"))


@row("rate-limit-default", SECTION, source=f"{SERVICE}.DEFAULT_RATE_LIMIT_SETTINGS")
def test_rate_limit_is_50_by_default(cluster: Cluster) -> None:
    """The default of `rate_limit.requests_per_minute` is 50."""
    stored(cluster, cluster.body(), {"service_settings": {"rate_limit": {"requests_per_minute": 50}}})


@row("rate-limit-stored", SECTION, source="RateLimitSettings.of")
def test_declared_rate_limit_is_stored(cluster: Cluster) -> None:
    """A declared rate limit is stored and returned."""
    limit = {"rate_limit": {"requests_per_minute": 7}}
    stored(cluster, with_service(cluster, **limit), {"service_settings": limit})


@row("rate-limit-positive", SECTION, source="ServiceUtils.extractOptionalPositiveLong, RateLimitSettings")
def test_rate_limit_that_is_not_a_positive_number_is_rejected(cluster: Cluster) -> None:
    """`requests_per_minute` must be a positive number."""
    for limit in (0, -1, "many", True):
        rejected(cluster, with_service(cluster, rate_limit={"requests_per_minute": limit}), Error(400))


@row("rate-limit-whole", SECTION, holds="<9.6", source="ServiceUtils.extractOptionalPositiveLong")
def test_fraction_for_the_rate_limit_is_rejected(cluster: Cluster) -> None:
    """`requests_per_minute` must be an integer."""
    rejected(cluster, with_service(cluster, rate_limit={"requests_per_minute": 1.5}), Error(400))


@row("rate-limit-unknown-before-9.5", SECTION, holds="<9.5", source="ServiceUtils.unknownSettingsError")
def test_unknown_name_within_rate_limit_is_echoed(cluster: Cluster) -> None:
    """An unknown name within `rate_limit` returns a 400 that names the field."""
    problem = "…onfiguration contains unknown settings [{nonsense=1}]"
    reason = f"{problem} while parsing field [rate_limit] for settings [anthropic]"
    body = with_service(cluster, rate_limit={"nonsense": 1})
    rejected(cluster, body, Error(400, "status_exception", reason))


@row("rate-limit-unknown-9.5", SECTION, holds=">=9.5,<9.6", source="RateLimitSettings.of")
def test_unknown_name_within_rate_limit_is_a_validation_error(cluster: Cluster) -> None:
    """An unknown name within `rate_limit` is a validation error."""
    reason = "Validation Failed: …Rate limit settings contain unknown entries [{nonsense=1}];…"
    body = with_service(cluster, rate_limit={"nonsense": 1})
    rejected(cluster, body, Error(400, "validation_exception", reason))


@row("rate-limit-unknown-strict", SECTION, holds=">=9.6", source="RateLimitSettings, ObjectParser")
def test_unknown_name_within_rate_limit_is_rejected_by_the_strict_parser(cluster: Cluster) -> None:
    """The strict parser rejects an unknown name within `rate_limit`."""
    body = with_service(cluster, rate_limit={"nonsense": 1})
    rejected(cluster, body, Error(400, "x_content_parse_exception", "…failed to parse field [rate_limit]…"))


@row("url-unknown", SECTION, holds="<9.6", source=f"{SERVICE}.fromMap")
def test_url_is_rejected_before_9_6(cluster: Cluster) -> None:
    """Before 9.6 `url` is an unknown setting."""
    reason = "…onfiguration contains settings [{url=https://127.0.0.1/}] unknown to the [anthropic] service"
    rejected(cluster, with_service(cluster, url="https://127.0.0.1/"), Error(400, "status_exception", reason))


@row("url-known", SECTION, holds=">=9.6", source="AnthropicChatCompletionServiceSettings.createParser")
def test_url_is_stored_from_9_6(cluster: Cluster) -> None:
    """From 9.6 `url` is stored and shown."""
    cluster.skip_validation()
    settings = {"url": "https://127.0.0.1:1/v1/messages"}
    stored(cluster, with_service(cluster, **settings), {"service_settings": settings})


@row("max-tokens-required", SECTION, source=f"{TASK}.fromMap")
def test_create_without_max_tokens_is_rejected(cluster: Cluster) -> None:
    """A create requires `max_tokens`."""
    reason = "Validation Failed: 1: [task_settings] does not contain the required setting [max_tokens];"
    body = {**cluster.body(), "task_settings": {"temperature": 0.5}}
    rejected(cluster, body, Error(400, "validation_exception", reason))


@row("max-tokens-positive", SECTION, source="ServiceUtils.extractRequiredPositiveInteger")
def test_max_tokens_that_is_not_positive_is_rejected(cluster: Cluster) -> None:
    """`max_tokens` must be positive."""
    for number in (0, -1):
        rejected(cluster, cluster.body(max_tokens=number), Error(400, "validation_exception", "Validation Failed: …"))


@row("ranges-unchecked", SECTION, source=f"{TASK}.fromMap")
def test_ranges_of_task_settings_are_not_checked(cluster: Cluster) -> None:
    """The server does not check the ranges of `temperature`, `top_p` and `top_k`."""
    cluster.skip_validation()
    for settings in ({"temperature": 7.5}, {"top_p": 3.0}, {"top_k": -4}):
        cluster.create(cluster.new_id(), cluster.body(**settings)).expect(Success())


@row("float-required", SECTION, source=f"{UTILITIES}.removeAsType")
def test_integer_for_a_float_is_rejected(cluster: Cluster) -> None:
    """An integer for `temperature` or `top_p` immediately returns 400."""
    for name in ("temperature", "top_p"):
        reason = f"field [{name}] is not of the expected type. The value [1] cannot be converted to a [Double]"
        rejected(cluster, cluster.body(**{name: 1}), Error(400, "status_exception", reason))


@row("float-raised-at-once", SECTION, source=f"{UTILITIES}.removeAsType")
def test_integer_for_a_float_is_reported_before_missing_settings(cluster: Cluster) -> None:
    """The type error of `temperature` is the only one that is reported, even if `max_tokens` is also missing."""
    reason = "field [temperature] is not of the expected type. The value [1] cannot be converted to a [Double]"
    body = {**cluster.body(), "task_settings": {"temperature": 1}}
    rejected(cluster, body, Error(400, "status_exception", reason))


@row("float-accepted", SECTION, source=f"{UTILITIES}.removeAsType")
def test_whole_float_is_stored(cluster: Cluster) -> None:
    """A number with a decimal point is accepted, including `1.0`."""
    settings = {"temperature": 1.0, "top_p": 0.5}
    stored(cluster, cluster.body(**settings), {"task_settings": settings})


@row("top-k-integer", SECTION, source=f"{UTILITIES}.removeAsType", derived=True)
def test_fraction_for_top_k_is_rejected(cluster: Cluster) -> None:
    """`top_k` must be an integer."""
    reason = "field [top_k] is not of the expected type. The value [1.5] cannot be converted to a [Integer]"
    rejected(cluster, cluster.body(top_k=1.5), Error(400, "status_exception", reason))


@row("top-k-shown", SECTION, holds=">=8.18", source=f"{TASK}.toXContent")
def test_top_k_is_shown_under_its_name(cluster: Cluster) -> None:
    """`top_k` is returned under its own name."""
    settings = {"top_p": 0.5, "top_k": 40}
    stored(cluster, cluster.body(**settings), {"task_settings": settings})


@row("top-k-shown-as-top-p", SECTION, holds="<8.18", source=f"{TASK}.toXContent")
def test_top_k_is_shown_as_top_p(cluster: Cluster) -> None:
    """8.16 and 8.17 return `top_k` under the name `top_p`."""
    cluster.skip_validation()
    answer = cluster.create(cluster.new_id(), cluster.body(top_k=40))
    answer.expect(Success({"task_settings": {"top_p": 40, "top_k": ABSENT}}))


@row("top-k-unreadable", SECTION, holds="<8.18", source=f"{TASK}.toXContent, fromPersistedMap", derived=True)
def test_endpoint_with_top_k_alone_cannot_be_read(cluster: Cluster) -> None:
    """8.16 and 8.17 cannot read an endpoint that has only `top_k`: its GET returns a type error about `top_p`."""
    cluster.skip_validation()
    inference_id = cluster.new_id()
    cluster.create(inference_id, cluster.body(top_k=40)).expect(Success())
    reason = "field [top_p] is not of the expected type. The value [40] cannot be converted to a [Double]"
    cluster.read(inference_id).expect(Error(400, "status_exception", reason))


@row("top-k-with-top-p", SECTION, holds="<8.18", source=f"{TASK}.toXContent", derived=True)
def test_create_with_top_p_and_top_k_prints_the_name_twice_or_fails(cluster: Cluster) -> None:
    """8.16 and 8.17 print `top_p` twice if `top_k` is also set, or fail to store the endpoint with a 500."""
    inference_id = cluster.new_id()
    cluster.surroundings.give_up(cluster, inference_id)
    cluster.skip_validation()
    answer = cluster.create(inference_id, cluster.body(top_p=0.5, top_k=40))
    compact = answer.text.replace(" ", "").replace("\n", "")
    twice = answer.status == 200 and text_matches('…"top_p":0.5,…"top_p":40…', compact)
    answer.require(twice or answer.status == 500, 'task_settings with "top_p": 0.5 and "top_p": 40, or a 500')


@row("chunking-settings-unknown", SECTION, source="AnthropicService.parseRequestConfig")
def test_chunking_settings_of_a_completion_are_rejected(cluster: Cluster) -> None:
    """`chunking_settings` are an unknown setting of completion tasks."""
    chunking = {"strategy": "sentence", "max_chunk_size": 250, "sentence_overlap": 1}
    reason = "…onfiguration contains settings [{chunking_settings={…}}] unknown to the [anthropic] service"
    body = {**cluster.body(), "chunking_settings": chunking}
    rejected(cluster, body, Error(400, "status_exception", reason))


@row("unknown-field", SECTION, source="ServiceUtils.throwIfNotEmptyMap")
def test_unknown_top_level_field_is_echoed(cluster: Cluster) -> None:
    """An unknown top-level field returns a 400 that echoes it."""
    reason = "…onfiguration contains settings [{nonsense=1}] unknown to the [anthropic] service"
    rejected(cluster, {**cluster.body(), "nonsense": 1}, Error(400, "status_exception", reason))


@row("unknown-task-setting", SECTION, source="ServiceUtils.throwIfNotEmptyMap")
def test_unknown_task_setting_is_echoed(cluster: Cluster) -> None:
    """An unknown task setting returns a 400 that echoes it."""
    reason = "…onfiguration contains settings [{nonsense=1}] unknown to the [anthropic] service"
    rejected(cluster, cluster.body(nonsense=1), Error(400, "status_exception", reason))


@row("unknown-service-setting", SECTION, holds="<9.6", source="ServiceUtils.throwIfNotEmptyMap")
def test_unknown_service_setting_is_echoed_with_secrets(cluster: Cluster) -> None:
    """Before 9.6 the error about an unknown service setting echoes it, secrets included."""
    secret = cluster.made_up_key
    reason = f"…onfiguration contains settings [{{api_keys={secret}}}] unknown to the [anthropic] service"
    rejected(cluster, with_service(cluster, api_keys=secret), Error(400, "status_exception", reason))


@row(
    "unknown-service-setting-strict",
    SECTION,
    holds=">=9.6",
    source="AnthropicChatCompletionServiceSettings.createParser",
)
def test_unknown_service_setting_is_rejected_by_the_strict_parser(cluster: Cluster) -> None:
    """From 9.6 a strict parser names the unknown service setting, and echoes no value."""
    secret, inference_id = cluster.made_up_key, cluster.new_id()
    answer = cluster.create(inference_id, with_service(cluster, api_keys=secret))
    answer.expect(Error(400, "x_content_parse_exception", "[1:…] [service_settings] unknown field [api_keys]"))
    answer.require(secret not in answer.text, "no value of a setting in the error")


@row("key-hidden", SECTION, source="DefaultSecretSettings, ModelConfigurations.toFilteredXContent")
def test_key_is_never_returned(cluster: Cluster) -> None:
    """No response contains the key."""
    inference_id, body = cluster.new_id(), cluster.accepted(cluster.body())
    key = body["service_settings"]["api_key"]
    for answer in (cluster.create(inference_id, body).expect(Success()), cluster.read(inference_id).expect(Success())):
        answer.require(key not in answer.text and "api_key" not in answer.text, "neither the key nor its name")
