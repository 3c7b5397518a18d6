//! The standard's merge (OCDS 1.1, "Merging"): releases, in the order of their dates, come to a compiled release, and to a versioned
//! one that keeps every value. And its inverse: what a release must say so that what came before comes to what holds now.
//!
//! Fields of objects merge one by one, objects in lists by their `id`, everything else is replaced; `null` deletes a field. So
//! nothing is taken out of a list of objects again: what is taken out leaves its id, and the `awardID` that a contract must have.

use super::json::{Json, Name};

/// Lists of objects that are replaced as a whole: `wholeListMerge` in the schema.
const WHOLE: [&str; 2] = ["additionalIdentifiers", "additionalClassifications"];

/// What releases come to so far; a field that was deleted is there as `null`.
#[derive(Debug, Clone)]
pub struct Compiled {
    fields: Json,
    last: [Json; 2],
}

impl Default for Compiled {
    fn default() -> Self {
        Self { fields: Json::Object(vec![]), last: [Json::Null, Json::Null] }
    }
}

impl Compiled {
    /// Takes in the next release.
    pub fn take(&mut self, release: &Json) {
        let get = |name| release.get(name).cloned().unwrap_or(Json::Null);
        merge(&mut self.fields, &without(release, &["id", "date", "tag"]), &mut |into, value| *into = value.clone());
        self.last = [get("ocid"), get("date")];
    }

    /// The fields so far, deleted ones as `null`.
    pub fn fields(&self) -> &Json {
        &self.fields
    }

    /// The compiled release.
    pub fn release(&self) -> Json {
        let [ocid, date] = &self.last;
        let id = match (ocid, date) {
            (Json::Text(ocid), Json::Text(date)) => Json::text(format!("{ocid}-{date}")),
            _ => Json::Null,
        };
        let head = [("tag", Json::texts(["compiled"])), ("id", id), ("date", date.clone())];
        let mut fields: Vec<(Name, Json)> = head.map(|(name, value)| (name.into(), value)).into();
        if let Json::Object(own) = alive(&self.fields) {
            fields.extend(own);
        }
        Json::Object(fields)
    }
}

/// The versioned release of releases in the order of their dates: of each field every value that it had.
pub fn versioned(releases: &[Json]) -> Json {
    let ocid = releases.last().and_then(|last| last.get("ocid")).cloned();
    let mut fields = Json::object(ocid.map(|ocid| ("ocid", ocid)));
    for release in releases {
        let get = |name| release.get(name).cloned().unwrap_or(Json::Null);
        merge(&mut fields, &without(release, &["ocid", "id", "date", "tag"]), &mut |into, value| {
            if *into == Json::Null {
                *into = Json::List(vec![]);
            }
            let Json::List(versions) = into else { return };
            if versions.last().and_then(|last| last.get("value")) == Some(value) {
                return;
            }
            let of = [("releaseID", get("id")), ("releaseDate", get("date")), ("releaseTag", get("tag"))];
            let version = of.into_iter().chain([("value", value.clone())]);
            versions.push(Json::Object(version.map(|(name, value)| (name.into(), value)).collect()));
        });
    }
    fields
}

fn without(release: &Json, names: &[&str]) -> Json {
    match release {
        Json::Object(fields) => {
            Json::Object(fields.iter().filter(|(name, _)| !names.contains(&name.as_ref())).cloned().collect())
        }
        other => other.clone(),
    }
}

/// Merges the fields of an object into another; `put` takes what is replaced as a whole.
fn merge(into: &mut Json, from: &Json, put: &mut dyn FnMut(&mut Json, &Json)) {
    let (Json::Object(into), Json::Object(fields)) = (into, from) else { return };
    for (name, value) in fields {
        match value {
            Json::Object(_) if value.is_empty() => {}
            Json::Object(_) => merge(field(into, name, Json::Object(vec![])), value, put),
            Json::List(items) if value.objects().is_some() && !WHOLE.contains(&name.as_ref()) => {
                if !items.is_empty() {
                    merge_items(field(into, name, Json::List(vec![])), items, put);
                }
            }
            _ => put(field(into, name, Json::Null), value),
        }
    }
}

fn merge_items(into: &mut Json, items: &[Json], put: &mut dyn FnMut(&mut Json, &Json)) {
    let Json::List(own) = into else { return };
    for item in items {
        let id = item.get("id");
        let known = id.and_then(|_| own.iter().rposition(|own| own.get("id") == id));
        let place = known.unwrap_or_else(|| {
            own.push(Json::object(id.map(|id| ("id", id.clone()))));
            own.len() - 1
        });
        let Json::Object(fields) = item else { continue };
        // The id of an item is what it is merged by, and no value of its own.
        let rest = fields.iter().filter(|(name, _)| name != "id").cloned().collect();
        merge(&mut own[place], &Json::Object(rest), put);
    }
}

/// The field of an object, put there where it is not; one that was deleted becomes `empty`.
fn field<'o>(fields: &'o mut Vec<(Name, Json)>, name: &Name, empty: Json) -> &'o mut Json {
    let place = fields.iter().position(|(own, _)| own == name).unwrap_or_else(|| {
        fields.push((name.clone(), Json::Null));
        fields.len() - 1
    });
    let value = &mut fields[place].1;
    if *value == Json::Null {
        *value = empty;
    }
    value
}

/// Without what was deleted; what held it stays.
fn alive(value: &Json) -> Json {
    match value {
        Json::Object(fields) => {
            let left = fields.iter().filter(|(_, value)| *value != Json::Null);
            Json::Object(left.map(|(name, value)| (name.clone(), alive(value))).collect())
        }
        Json::List(items) => Json::List(items.iter().map(alive).collect()),
        other => other.clone(),
    }
}

/// What has to be merged into an object for it to say the same as `now`; nothing where it does.
pub fn change(before: &Json, now: &Json) -> Option<Json> {
    match (before, now) {
        (Json::Object(old), Json::Object(new)) => change_of_fields(before, old, now, new),
        _ => match (before.objects(), now.objects()) {
            (Some(old), Some(new)) if !(old.is_empty() && new.is_empty()) => change_of_items(old, new),
            _ => (before != now).then(|| now.clone()),
        },
    }
}

/// Ids stay: they say what the rest is said of, and the schema lets none be deleted.
fn stays(name: &str) -> bool {
    matches!(name, "id" | "awardID")
}

fn change_of_fields(before: &Json, old: &[(Name, Json)], now: &Json, new: &[(Name, Json)]) -> Option<Json> {
    let mut changed = vec![];
    for (name, value) in new {
        if let Some(change) = change(before.get(name).unwrap_or(&Json::Null), value) {
            changed.push((name.clone(), change));
        }
    }
    for (name, value) in old.iter().filter(|(name, _)| !stays(name) && now.get(name).is_none()) {
        changed.extend(gone(value).map(|gone| (name.clone(), gone)));
    }
    if changed.is_empty() {
        return None;
    }
    let id = |name: &'static str| Some((name.into(), now.get(name).or(before.get(name))?.clone()));
    let ids: Vec<(Name, Json)> = ["id", "awardID"].into_iter().filter_map(id).collect();
    changed.retain(|(name, _)| !stays(name));
    Some(Json::Object(ids.into_iter().chain(changed).collect()))
}

fn change_of_items(old: &[Json], new: &[Json]) -> Option<Json> {
    let same = |a: &Json, b: &Json| a.get("id") == b.get("id");
    let mut changed = vec![];
    for item in new {
        match old.iter().find(|old| same(old, item)) {
            Some(before) => changed.extend(change(before, item)),
            None => changed.push(item.clone()),
        }
    }
    let left = old.iter().filter(|old| !new.iter().any(|new| same(old, new)));
    changed.extend(left.filter_map(gone));
    (!changed.is_empty()).then_some(Json::List(changed))
}

/// What deletes all that a value says and that can be deleted; nothing where nothing is left of it.
fn gone(value: &Json) -> Option<Json> {
    match value {
        Json::Null => None,
        Json::Object(fields) => change_of_fields(value, fields, &Json::Object(vec![]), &[]),
        Json::List(_) => match value.objects() {
            Some(items) if !items.is_empty() => change_of_items(items, &[]),
            _ => Some(Json::Null),
        },
        _ => Some(Json::Null),
    }
}
