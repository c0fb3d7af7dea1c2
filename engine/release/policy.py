"""The words of a policy, version 1: what of one vendor's records is withheld, whom to ask about, and why. Reads no file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from engine.language.model import words as w
from engine.language.model.shapes import OneOrMore, matching, parsed
from engine.language.model.words import Words
from engine.language.text.mistakes import Misfit
from engine.release.field_path import FieldPath, FieldSteps, parse_endpoint, parse_field, parse_place, parse_steps
from engine.release.reasons import CODES, GIVING, LANGUAGES, Because

Pronouncement = Literal["ask", "hold", "drop", "mask", "alias", "give"]
FoundKind = Literal["emails", "phones", "known_people", "cards", "ibans", "national_ids"]
REASONS = f"The reason: {', '.join(CODES)}."
WRITE_REASON = "write `{do: give, because: known_to_them, say: the sentence that the person reads}`"


def _bare(value: Any) -> Any:
    """Take a single word for the map that says only what to do."""
    return {"do": value} if isinstance(value, str) else value


def _flag(value: Any) -> bool:
    if value in ("true", "false"):
        return bool(value == "true")
    message = f"`{value}` is neither true nor false" if isinstance(value, str) else "expects true or false here"
    raise Misfit(message)


def _told(value: Any) -> dict[str, str]:
    if isinstance(value, str):
        return {"": value}
    if not isinstance(value, dict) or not value or not all(isinstance(text, str) for text in value.values()):
        message = "expects a sentence here"
        raise Misfit(message, "one text, or one in each language: `{en: ..., de: ...}`")
    unknown = next((name for name in value if name not in LANGUAGES), None)
    if unknown is not None:
        message = f"`{unknown}` is no language of an answer"
        raise Misfit(message, f"one of: {', '.join(LANGUAGES)}")
    return dict(value)


Told = Annotated[dict[str, str], PlainValidator(_told)]
NamedPlace = Annotated[FieldPath, PlainValidator(parsed(parse_place))]
NamedPlaces = Annotated[tuple[NamedPlace, ...], OneOrMore()]
NamedFields = Annotated[tuple[Annotated[FieldPath, PlainValidator(parsed(parse_field))], ...], OneOrMore()]
Inside = Annotated[FieldSteps, PlainValidator(parsed(parse_steps))]
Insides = Annotated[tuple[Inside, ...], OneOrMore()]
Names = Annotated[tuple[Annotated[str, PlainValidator(matching(r"[^.\[\]\s]+", "a name"))], ...], OneOrMore()]
Endpoints = Annotated[tuple[Annotated[str, PlainValidator(parsed(parse_endpoint))], ...], OneOrMore()]
YesNo = Annotated[bool, PlainValidator(_flag)]


class Reasoned(Words):
    """What every rule says: the reason, and a sentence of its own for the person."""

    because: Because | None = Field(default=None, description=REASONS)
    say: Told | None = Field(default=None, description="A sentence for the person, beside that of the reason.")


class RuleVerdict(Reasoned):
    """What to do with what a rule is about. A single word is `do`."""

    do: Pronouncement = "ask"

    @model_validator(mode="after")
    def fits(self) -> RuleVerdict:
        """Refuse a reason that gives for what withholds, and the reverse."""
        _fit(self.do, self.because)
        return self

    def reason(self, usual: Because) -> Because:
        """Give the reason that is written, else the usual one of such a rule."""
        return self.because or ("known_to_them" if self.do == "give" else usual)


def _fit(do: Pronouncement | None, because: Because | None) -> None:
    if because is None or do == "ask" or (do == "give") == (because in GIVING):
        return
    message = f"`{because}` is a reason to {'withhold, and this gives' if do == 'give' else 'give, and this withholds'}"
    raise Misfit(message, f"to give: {', '.join(GIVING)}; all others withhold")


class LeaveOut(Reasoned):
    """What is not given at all: endpoints are held, fields are left out."""

    what: NamedPlaces = Field(description="Endpoints, or `endpoint.field`.")
    because: Because = Field(description=REASONS)

    @model_validator(mode="after")
    def withholds(self) -> LeaveOut:
        """Refuse a reason that gives."""
        _fit("drop", self.because)
        return self


class Guarded(RuleVerdict):
    """What is withheld without a word. `do: give` switches that off, and needs a reason and a sentence."""

    @model_validator(mode="after")
    def reasoned(self) -> Guarded:
        """Refuse to switch it off without a reason."""
        if self.do == "give" and (self.because is None or self.say is None):
            message = "it is switched off without `because` and `say`"
            raise Misfit(message, WRITE_REASON)
        return self


class NeverRule(Guarded):
    """What is never given, unless it is switched off."""

    do: Literal["mask", "drop", "give"] = "mask"
    fields: NamedFields = Field(default=(), description="Fields that are such, though their names do not say so.")
    but: NamedFields = Field(default=(), description="Fields that are none, though their names say so.")


def _not_off(value: Any) -> Any:
    if value in ("off", "none", "no", "false", "give"):
        message = "it is switched off without `because` and `say`"
        raise Misfit(message, WRITE_REASON)
    return _bare(value)


Protected = Annotated[NeverRule, BeforeValidator(_not_off)]


class Never(Words):
    """What lets somebody in, and numbers that must not be disclosed: known by the names of their fields, and by what they look like."""

    secrets: Protected = Field(default=NeverRule(), description="Passwords, passcodes, keys, tokens; addresses with one in them.")
    protected_numbers: Protected = Field(
        default=NeverRule(), description="Numbers of identity documents, tax, bank accounts, cards and health insurance."
    )


class OtherPeople(RuleVerdict):
    """Fields that together are one other person, unless a value of `self` stands among them."""

    in_: Endpoints = Field(alias="in", description="Endpoints; `*` stands for any text.")
    who: Insides = Field(description="Fields that begin alike (`caller_*`), an object or a list: each is one person.")
    but: Names = Field(default=(), description="Names of fields among them that tell nothing of a person, such as `*_type`.")
    do: Literal["ask", "alias", "mask", "drop", "give"] = Field(default="ask", description="What to do with another person's data.")


class Once(Words):
    """Records of several endpoints that tell of the same thing: it is given once."""

    in_: Annotated[tuple[w.Name, ...], OneOrMore()] = Field(alias="in", description="Endpoints; the first one is given.")
    by: Inside = Field(description="The field by which the same thing is known in each of them.")
    but: NamedFields = Field(default=(), description="Fields of the later ones that are given all the same.")
    say: Told | None = Field(default=None, description="A sentence for the person, beside that of the reason.")

    @model_validator(mode="after")
    def several(self) -> Once:
        """Refuse a single endpoint: its own records are never the same thing."""
        if len(set(self.in_)) < len(self.in_) or len(self.in_) < 2:
            message = "`in` needs two or more different endpoints: the first is given, the others repeat it"
            raise Misfit(message)
        return self


class FindVerdict(RuleVerdict):
    """What to do where something is found in any text that no other rule has decided on."""

    do: Literal["ask", "mask", "drop", "give"] = "ask"


class NumberVerdict(FindVerdict, Guarded):
    """The same for numbers that are masked without a word: to give them needs a reason and a sentence."""


Asked = Annotated[FindVerdict, BeforeValidator(_bare)]
Masked = Annotated[NumberVerdict, BeforeValidator(_not_off)]


class Find(Words):
    """What is looked for in all remaining text."""

    emails: Asked = Field(default=FindVerdict(), description="E-mail addresses that are not the person's own.")
    phones: Asked = Field(default=FindVerdict(), description="Telephone numbers that are not the person's own.")
    known_people: Asked = Field(default=FindVerdict(), description="Names of people who stand elsewhere in the case.")
    cards: Masked = Field(default=NumberVerdict(do="mask"), description="Numbers of payment cards.")
    ibans: Masked = Field(default=NumberVerdict(do="mask"), description="Numbers of bank accounts.")
    national_ids: Masked = Field(default=NumberVerdict(do="mask"), description="National identification numbers.")


class FileVerdict(RuleVerdict):
    """What to do with the files of an endpoint."""

    do: Literal["ask", "hold", "give"] = "ask"


class Information(Words):
    """What the person must be told beside the data (GDPR Art. 15(1)). What is not written, the package names as missing."""

    purpose: Told | None = Field(default=None, description="What the data are processed for.")
    categories: Told | None = Field(default=None, description="What kinds of data there are.")
    recipients: Told | None = Field(default=None, description="Who receives them.")
    retention: Told | None = Field(default=None, description="How long they are kept, or how that is decided.")
    source: Told | None = Field(default=None, description="Where they come from, if not from the person.")
    transfers: Told | None = Field(default=None, description="Countries they go to, and the safeguards.")
    automated_decisions: Told | None = Field(default=None, description="Decisions made by machine, their logic and consequences.")


class Policy(Words):
    """A policy: what of one vendor's records is given."""

    policy: Literal["1"] = Field(description="The version of this language.")
    vendor: w.VendorName = Field(description="The vendor that it is for, as its spec says.")
    title: w.Text | None = Field(default=None, description="Its name, for people.")
    four_eyes: YesNo = Field(default=False, description="Whether who approves must be somebody who decided nothing.")
    leave_out: tuple[LeaveOut, ...] = Field(default=(), description="What is not given at all.")
    never: Never = Field(default=Never(), description="What is never given, unless it is switched off with a reason.")
    self_: NamedFields = Field(default=(), alias="self", description="Fields that hold the person's own names, addresses and numbers.")
    others: tuple[OtherPeople, ...] = Field(default=(), description="Where other people stand in the records.")
    once: tuple[Once, ...] = Field(default=(), description="What several endpoints tell, and is given once.")
    find: Find = Field(default=Find(), description="What is looked for in all remaining text.")
    files: dict[w.Name, Annotated[FileVerdict, BeforeValidator(_bare)]] = Field(
        default={}, description="What to do with the files of an endpoint; those not named are asked about."
    )
    information: Information = Field(default=Information(), description="What the person must be told beside the data.")
