"""Schemas of script generation (G1-G3)."""

from typing import Annotated, Literal

from msgspec import Struct

from clevora_mock.api.schemas import DEFAULT, NOT_BLANK, TokenUsage, documented, inferred, model_names
from clevora_mock.contract.limits import DEFAULT_MODEL, DEFAULT_SCRIPT_LENGTH, DEFAULT_SCRIPT_STYLE

Style = Literal["youtube", "podcast", "tiktok"]
Length = Literal["short", "medium", "long"]


class ScriptRequest(Struct):
    """The body of ``POST /v1/scripts/generate`` (G1, G2)."""

    topic: Annotated[str, documented("The topic of the script.", pattern=NOT_BLANK)]
    style: Annotated[
        Style | None,
        documented(f"youtube, podcast or tiktok. Defaults to {DEFAULT_SCRIPT_STYLE}.", {DEFAULT: DEFAULT_SCRIPT_STYLE}),
    ] = None
    length: Annotated[
        Length | None,
        documented(
            f"short, medium or long. Controls token budget. Defaults to {DEFAULT_SCRIPT_LENGTH} (inferred).",
            {DEFAULT: DEFAULT_SCRIPT_LENGTH},
        ),
    ] = None
    model: Annotated[
        Annotated[str, model_names("scripts.generate")] | None,
        inferred(f"Defaults to {DEFAULT_MODEL['scripts.generate']}.", {DEFAULT: DEFAULT_MODEL["scripts.generate"]}),
    ] = None


class ScriptSection(Struct, frozen=True, rename="camel"):
    """One section of a script."""

    heading: Annotated[str, inferred("The heading.")]
    content: Annotated[str, inferred("Spoken text and directions.")]
    duration_seconds: Annotated[int, inferred("Duration in seconds.")]


class ScriptBody(Struct, frozen=True, rename="camel"):
    """A structured script (G3)."""

    title: Annotated[str, inferred("The title.")]
    hook: Annotated[str, inferred("The opening line.")]
    sections: Annotated[list[ScriptSection], inferred("The sections, in order.")]
    call_to_action: Annotated[str, inferred("The closing line.")]


class ScriptResponse(Struct, frozen=True):
    """The response of ``POST /v1/scripts/generate`` (G3)."""

    id: Annotated[str, inferred("script_...")]
    object: Annotated[Literal["script"], inferred("Always script.")]
    created: Annotated[int, inferred("Unix seconds.")]
    model: Annotated[str, inferred(f"{DEFAULT_MODEL['scripts.generate']}.")]
    topic: Annotated[str, inferred("The topic.")]
    style: Annotated[Style, inferred("The style.")]
    length: Annotated[Length, inferred("The length.")]
    script: Annotated[ScriptBody, documented("The script.")]
    usage: Annotated[TokenUsage, documented("Billed tokens.")]
