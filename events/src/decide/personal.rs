//! The guard against personal data: offices decide, not names. It must let through what only looks like it: amounts,
//! dates, references.

use super::{Found, Reason};
use crate::entry::Draft;
use crate::event::Event;
use crate::prelude::*;
use serde_json::Value;

pub(super) fn check_act(draft: &Draft, found: &mut Found) {
    personal("act", &json(&draft.act), found);
    personal("document", &json(&draft.documents), found);
}

pub(super) fn check_event(event: &Event, found: &mut Found) {
    let Value::Object(mut fields) = json(event) else { return };
    // The fields of a kind stand inside it in an entry, and beside the others in a decision file.
    if let Some(Value::Object(kind)) = fields.remove("kind") {
        kind.values().for_each(|own| personal("", own, found));
    }
    personal("", &Value::Object(fields), found);
}

fn json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("an entry has only text, whole numbers and lists, which JSON always holds")
}

/// Walks every text, whatever its field, so that a field added later is guarded too.
fn personal(path: &str, value: &Value, found: &mut Found) {
    let inner = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::String(text) => {
            found.extend(personal_in(text).map(|what| (Some(path.to_owned()), Reason::Personal(what))))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| personal(&inner(&at.to_string()), item, found));
        }
        Value::Object(fields) => fields.iter().for_each(|(key, item)| personal(&inner(key), item, found)),
        _ => {}
    }
}

fn personal_in(text: &str) -> Option<&'static str> {
    if text.split_whitespace().any(is_email) {
        Some("an e-mail address")
    } else if has_telephone(text) {
        Some("a telephone number")
    } else {
        None
    }
}

fn is_email(word: &str) -> bool {
    word.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.split_once('.').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty())
    })
}

/// 10 or 11 digits that begin with 0, or with +44 in its place, in one or more groups.
fn has_telephone(text: &str) -> bool {
    let groups: Vec<&str> = text.split_whitespace().map(|word| word.trim_matches(|c| "().,;:".contains(c))).collect();
    (0..groups.len()).any(|from| is_telephone(groups.get(from..).unwrap_or_default()))
}

fn is_telephone(groups: &[&str]) -> bool {
    let mut digits = String::new();
    for (at, group) in groups.iter().enumerate() {
        let local = match group.strip_prefix("+44") {
            Some(rest) if at == 0 => format!("0{rest}"),
            _ => (*group).to_owned(),
        };
        digits.push_str(&local);
        let possible = digits.starts_with('0') && digits.len() <= 11 && digits.bytes().all(|b| b.is_ascii_digit());
        if !possible || digits.len() >= 10 {
            return possible;
        }
    }
    false
}
