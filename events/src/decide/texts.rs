//! What a text of an entry may hold: words that a person can read, not too many of them, nothing hidden, and no
//! personal data, since offices decide, not names. It must let through what only looks like a telephone number:
//! amounts, dates, references.

use super::{Found, Reason};
use crate::entry::Draft;
use crate::event::Event;
use crate::prelude::*;
use serde_json::Value;

/// The most characters that a text may have: it is read in a table, and in a meeting.
const MOST: usize = 1_000;

pub(super) fn check_act(draft: &Draft, found: &mut Found) {
    if is_plain(&(&draft.act, &draft.documents)) {
        return;
    }
    walk("act", &json(&draft.act), found);
    walk("document", &json(&draft.documents), found);
}

pub(super) fn check_event(event: &Event, found: &mut Found) {
    if is_plain(event) {
        return;
    }
    let Value::Object(mut fields) = json(event) else { return };
    // The fields of a kind stand inside it in an entry, and beside the others in a decision file.
    if let Some(Value::Object(kind)) = fields.remove("kind") {
        kind.values().for_each(|own| walk("", own, found));
    }
    walk("", &Value::Object(fields), found);
}

fn json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("an entry has only text, whole numbers and lists, which JSON always holds")
}

/// Whether a glance at the JSON shows that no text in it can be at fault: it is short, has no sign that JSON escapes and none
/// beyond printable ASCII, no text is empty or begins with a space, and there is no "@", nor so many digits in a row as a
/// telephone number has. Most are so; whatever is not is looked at text by text.
fn is_plain(value: &impl serde::Serialize) -> bool {
    let json =
        serde_json::to_vec(value).expect("an entry has only text, whole numbers and lists, which JSON always holds");
    let (mut digits, mut before) = (0, b' ');
    json.len() <= MOST
        && json.iter().all(|byte| {
            match byte {
                b'0'..=b'9' => digits += 1,
                b' ' | b'(' | b')' | b'.' | b',' | b';' | b':' | b'+' => {}
                _ => digits = 0,
            }
            let begins_badly = before == b'"' && (*byte == b'"' || *byte == b' ');
            before = *byte;
            (b' '..=b'~').contains(byte) && *byte != b'\\' && *byte != b'@' && digits < 10 && !begins_badly
        })
}

/// Walks every text, whatever its field, so that a field added later is guarded too.
fn walk(path: &str, value: &Value, found: &mut Found) {
    let inner = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::String(text) => {
            found.extend(fault_in(text).map(|why| (Some(path.to_owned()), why)));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| walk(&inner(&at.to_string()), item, found));
        }
        Value::Object(fields) => fields.iter().for_each(|(key, item)| walk(&inner(key), item, found)),
        _ => {}
    }
}

fn fault_in(text: &str) -> Option<Reason> {
    let length = text.chars().count();
    if text.trim().is_empty() {
        Some(Reason::EmptyText)
    } else if length > MOST {
        Some(Reason::TextTooLong { length, limit: MOST })
    } else if let Some(hidden) = text.chars().find(|c| is_hidden(*c)) {
        Some(Reason::HiddenCharacter(hidden))
    } else {
        personal_in(text).map(Reason::Personal)
    }
}

/// Characters that change how others are shown, or are not shown: in a title they could say one thing on a screen and
/// hold another (Unicode Technical Report 36, bidirectional text spoofing). Those that are not controls by their category
/// are the default ignorable ones of the Unicode character database, and those that end a line or a paragraph.
pub fn is_hidden(c: char) -> bool {
    // Most of what is asked about.
    if matches!(c, ' '..='~') {
        return false;
    }
    let reorders = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let ends_line = matches!(c, '\u{2028}' | '\u{2029}');
    let unseen = matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}');
    c.is_control() || reorders || ends_line || unseen
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts of all sorts, from signs that telephone numbers, addresses and JSON are made of.
    #[test]
    fn where_a_glance_shows_nothing_there_is_nothing() {
        let signs = [
            "0", "1", "01632", "960456", "+44", " ", "  ", "(", ")", ".", "-", "a", "b@c.uk", "@", "\u{200b}", "é",
            "\"", "\\", "\t",
        ];
        let (mut seed, mut plain, mut faulty) = (7_u64, 0, 0);
        for _ in 0..100_000 {
            let mut text = String::new();
            for _ in 0..=seed >> 40 & 7 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push_str(signs[(seed >> 33) as usize % signs.len()]);
            }
            faulty += u32::from(fault_in(&text).is_some());
            if is_plain(&text) {
                plain += 1;
                assert_eq!(fault_in(&text), None, "{text:?}");
            }
        }
        assert!(plain > 1_000 && faulty > 1_000, "{plain} plain, {faulty} faulty");
    }
}
