//! What a recorder begins with: a decision file to be filled in. Of each kind of event it gives the fields, empty, each with an
//! example out of Kent's record. What is not filled in does not hold together, so that nothing of an example is recorded. It
//! must not decide what an event means.

use crate::kent::decision_files;
use minutebook_events::EventKind;

/// The kinds that Kent's record has no event of.
const OTHERS: &str = r#"
[[event]]
kind = "lot-released"
contract = "live-well-kent-2016"
lot = "2"
party = "shaw-trust"
effective = 2023-03-31
standing = "decided"
sources = ["C 1.2"]

[[event]]
kind = "correction"
strikes = { entry = "a3ff5534-d849-4e27-a207-dd6afda2ffca", event = 10 }
reason = "the amount was read as one for a year"
effective = 2026-11-20
standing = "decided"
sources = ["B 11.1"]

[[event]]
kind = "content-sealed"
contract = "live-well-kent-2016"
content = "exempt-appendix"
title = "Exempt appendix"
commitment = "what `minutebook content seal` printed"
classification = { exempt = { paragraphs = [3], public_interest = "bidders would not bid again" } }
effective = 2021-12-20
standing = "decided"
sources = ["C 4.1"]

[[event]]
kind = "content-published"
contract = "live-well-kent-2016"
content = "exempt-appendix"
salt = "what `minutebook content read --salt` printed"
effective = 2022-06-01
standing = "decided"
sources = ["C 4.1"]
"#;

/// The kinds that can be recorded here: what destroys a content is asked for elsewhere.
pub(super) fn kinds() -> impl Iterator<Item = &'static str> {
    EventKind::NAMES.into_iter().filter(|kind| *kind != "content-erased")
}

/// A decision file with nothing filled in but its id, which is new.
pub(super) fn file(id: impl std::fmt::Display) -> String {
    format!(
        "id = \"{id}\"\n\n[act]\nreference = \"\"  # as \"21/00110\"\ntitle = \"\"\n\
         kind = \"\"  # decision, endorsement, proposal, report, inference, correction or definition\n\
         decided =   # as 2021-12-20\n\n[[document]]\ncode = \"\"  # by which sources name it, as \"C\"\ntitle = \"\"\n"
    )
}

/// An event of a kind with nothing filled in; nothing of what is no kind.
pub(super) fn event(kind: &str) -> Option<String> {
    let kind = kinds().find(|known| *known == kind)?;
    let texts = decision_files().into_iter().map(|(_, text)| text).chain([OTHERS]);
    let example = texts.flat_map(|text| text.split("\n[[").collect::<Vec<_>>()).find(|block| {
        block.starts_with("event]]\n") && block.lines().any(|line| line == format!("kind = \"{kind}\""))
    })?;
    let mut event = format!("\n[[event]]\nkind = \"{kind}\"\n");
    let mut lines = example.lines().skip(1);
    while let Some(line) = lines.next() {
        let Some((name, value)) = line.split_once(" = ").filter(|(name, _)| *name != "kind" && !name.starts_with('#'))
        else {
            continue;
        };
        let mut value = value.to_owned();
        // A list may go over several lines.
        while value.matches(['[', '{']).count() > value.matches([']', '}']).count() {
            let Some(more) = lines.next() else { break };
            value.push_str(more.trim());
        }
        event.push_str(&format!("{name} =   # as {value}\n"));
    }
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_fields_and_nothing_of_an_example_is_recorded() {
        for kind in kinds() {
            let event = event(kind).expect(kind);
            let has = |field: &str| event.contains(&format!("{field} =   # as "));
            assert!(has("standing") && has("sources") && (has("effective") || has("last_day")), "{event}");
            let text = file("0f0e2f3c-7c5e-4f0a-9d57-5b8f3a1c2d4e") + &event;
            assert!(minutebook_events::decision_file::DecisionFile::parse(&text).is_err(), "{text}");
        }
    }
}
