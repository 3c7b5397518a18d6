//! What a disk may hold when the power goes. It is told every call that writes or syncs, in order, and keeps apart what is
//! durable and what is not yet. It must not know what a ledger is.
//!
//! Durable is what a sync of the file (its bytes and length) or of the folder (its names) came after. Of the rest:
//! - each sector of 512 bytes has what it had after any of the writes to it since the last sync, the newest or the oldest;
//! - a file has a length that it had at any time since then, with zeros where its bytes are lost;
//! - names are as after any part of the changes since then, as long as no change is kept without those before it to
//!   the same name or the same file; or, as a journalling file system does it, as after the first few of all changes.
//!
//! It cannot show a disk that lies about its sync, one that tears a sector or damages one beside it, faults of the file
//! system itself, nor what calls do that the layer does not see.

use super::layer::Call;
use super::random;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

const SECTOR: u64 = 512;

type Id = usize;

/// A folder and all below it, durable and not.
#[derive(Clone)]
pub struct Disk {
    nodes: Vec<Node>,
    by_inode: HashMap<u64, Id>,
    /// Numbers the changes of names, over all folders.
    clock: u64,
}

#[derive(Clone)]
enum Node {
    File { durable: Vec<u8>, since: Vec<Change> },
    Folder { durable: BTreeMap<String, Id>, now: BTreeMap<String, Id>, since: Vec<Naming> },
}

#[derive(Clone)]
enum Change {
    Write { at: u64, bytes: Vec<u8> },
    Resize { to: u64 },
}

/// A change of the names in one folder, whole or not at all.
#[derive(Clone)]
struct Naming {
    number: u64,
    gone: Option<String>,
    come: Option<(String, Id)>,
    about: Id,
}

const ROOT: Id = 0;

impl Disk {
    /// A folder as it is, all of it durable.
    pub fn of(folder: &Path) -> Self {
        let mut disk = Self { nodes: Vec::new(), by_inode: HashMap::new(), clock: 0 };
        disk.take_in(folder);
        disk
    }

    fn take_in(&mut self, path: &Path) -> Id {
        let about = path.metadata().expect("it is there");
        if about.is_file() {
            return self.add(about.ino(), Node::File { durable: fs::read(path).expect("it reads"), since: vec![] });
        }
        let folder =
            self.add(about.ino(), Node::Folder { durable: BTreeMap::new(), now: BTreeMap::new(), since: vec![] });
        let items = fs::read_dir(path).expect("it reads").map(|item| item.expect("it reads"));
        let names: BTreeMap<_, _> =
            items.map(|item| (text(item.file_name().as_ref()), self.take_in(&item.path()))).collect();
        self.nodes[folder] = Node::Folder { durable: names.clone(), now: names, since: vec![] };
        folder
    }

    fn add(&mut self, inode: u64, node: Node) -> Id {
        self.nodes.push(node);
        let id = self.nodes.len() - 1;
        // An inode is used again when its file is gone.
        self.by_inode.insert(inode, id);
        id
    }

    /// What a call does.
    pub fn apply(&mut self, call: &Call) {
        match call {
            Call::Created { path, file } => {
                let id = self.add(*file, Node::File { durable: vec![], since: vec![] });
                self.name(path, id);
            }
            Call::Folder { path, file } => {
                let empty = Node::Folder { durable: BTreeMap::new(), now: BTreeMap::new(), since: vec![] };
                let id = self.add(*file, empty);
                self.name(path, id);
            }
            Call::Renamed { path, to } => {
                let (id, from) = (self.find(path), self.find(parent(path)));
                assert_eq!(from, self.find(parent(to)), "nothing is renamed into another folder");
                self.change(from, Some(last(path)), Some((last(to), id)), id);
            }
            Call::Removed { path } => {
                let (id, folder) = (self.find(path), self.find(parent(path)));
                self.change(folder, Some(last(path)), None, id);
            }
            Call::Written { file, at, bytes } => self.write(*file, Change::Write { at: *at, bytes: bytes.clone() }),
            Call::Resized { file, to } => self.write(*file, Change::Resize { to: *to }),
            Call::Synced { file } => self.sync(*file),
            Call::Started | Call::Printed(_) | Call::Met { .. } => {}
        }
    }

    fn find(&self, path: &Path) -> Id {
        path.components().fold(ROOT, |id, name| match &self.nodes[id] {
            Node::Folder { now, .. } => now[&text(name.as_os_str().as_ref())],
            Node::File { .. } => panic!("{} lies in a file", path.display()),
        })
    }

    fn name(&mut self, path: &Path, id: Id) {
        self.change(self.find(parent(path)), None, Some((last(path), id)), id);
    }

    fn change(&mut self, folder: Id, gone: Option<String>, come: Option<(String, Id)>, about: Id) {
        self.clock += 1;
        let number = self.clock;
        let Node::Folder { now, since, .. } = &mut self.nodes[folder] else { panic!("names are in folders") };
        let naming = Naming { number, gone, come, about };
        naming.apply(now);
        since.push(naming);
    }

    fn write(&mut self, inode: u64, change: Change) {
        let id = self.by_inode[&inode];
        let Node::File { since, .. } = &mut self.nodes[id] else { panic!("bytes are in files") };
        since.push(change);
    }

    fn sync(&mut self, inode: u64) {
        let id = self.by_inode[&inode];
        match &mut self.nodes[id] {
            Node::Folder { durable, now, since } => {
                durable.clone_from(now);
                since.clear();
            }
            Node::File { durable, since } => since.drain(..).for_each(|change| change.apply(durable)),
        }
    }

    /// Writes into an empty folder what the disk may hold if the power goes now.
    pub fn cut(&self, seed: u64, into: &Path) {
        let luck = Luck::new(seed);
        self.put(ROOT, &luck, &self.names_kept(&luck), into);
    }

    /// The numbers of the changes of names that are kept.
    fn names_kept(&self, luck: &Luck) -> BTreeSet<u64> {
        let mut all: Vec<_> = self
            .nodes
            .iter()
            .enumerate()
            .flat_map(|(folder, node)| match node {
                Node::Folder { since, .. } => since.iter().map(|naming| (naming, folder)).collect(),
                Node::File { .. } => vec![],
            })
            .collect();
        all.sort_by_key(|(naming, _)| naming.number);
        let journalled = luck.of(0).is_multiple_of(2);
        let (mut kept, mut lost_names, mut lost_nodes) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for (naming, folder) in all {
            let rests_on_lost = naming.names().any(|name| lost_names.contains(&(folder, name)))
                || lost_nodes.contains(&naming.about)
                || journalled && !lost_nodes.is_empty();
            if !rests_on_lost && luck.keeps(naming.number) {
                kept.insert(naming.number);
            } else {
                lost_names.extend(naming.names().map(|name| (folder, name)));
                lost_nodes.insert(naming.about);
            }
        }
        kept
    }

    fn put(&self, id: Id, luck: &Luck, kept: &BTreeSet<u64>, into: &Path) {
        match &self.nodes[id] {
            Node::File { durable, since } => {
                fs::write(into, cut_file(durable, since, &luck.about(id))).expect("a file in our own folder");
            }
            Node::Folder { durable, since, .. } => {
                let mut names = durable.clone();
                since.iter().filter(|naming| kept.contains(&naming.number)).for_each(|naming| naming.apply(&mut names));
                if id != ROOT {
                    fs::create_dir(into).expect("a folder in our own");
                }
                names.iter().for_each(|(name, id)| self.put(*id, luck, kept, &into.join(name)));
            }
        }
    }
}

impl Naming {
    fn apply(&self, names: &mut BTreeMap<String, Id>) {
        if let Some(gone) = &self.gone {
            names.remove(gone);
        }
        if let Some((name, id)) = &self.come {
            names.insert(name.clone(), *id);
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.gone.as_deref().into_iter().chain(self.come.as_ref().map(|(name, _)| name.as_str()))
    }
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Resize { to } => content.resize(size(*to), 0),
            Self::Write { at, bytes } => {
                let (start, end) = (size(*at), size(*at) + bytes.len());
                content.resize(content.len().max(end), 0);
                content[start..end].copy_from_slice(bytes);
            }
        }
    }

    fn length_after(&self, length: u64) -> u64 {
        match self {
            Self::Write { at, bytes } => length.max(at + bytes.len() as u64),
            Self::Resize { to } => *to,
        }
    }

    fn sectors(&self) -> std::ops::Range<u64> {
        match self {
            Self::Write { at, bytes } => at / SECTOR..(at + bytes.len() as u64).div_ceil(SECTOR),
            Self::Resize { .. } => 0..0,
        }
    }
}

/// The content of a file: a length that it had, and in each sector what some write left there.
fn cut_file(durable: &[u8], since: &[Change], luck: &Luck) -> Vec<u8> {
    let newest = newest_writes(since, luck);
    let lengths_kept = (0..since.len()).take_while(|number| luck.keeps(!(*number as u64))).count();
    let (mut content, mut was, mut length) = (durable.to_vec(), durable.len() as u64, durable.len() as u64);
    for (number, change) in since.iter().enumerate() {
        match change {
            Change::Resize { to } if number < lengths_kept => content.resize(size(*to), 0),
            Change::Resize { .. } => {}
            Change::Write { at, bytes } => {
                for sector in change.sectors().filter(|sector| newest.get(sector).is_some_and(|last| number <= *last)) {
                    let start = (sector * SECTOR).max(*at);
                    let end = ((sector + 1) * SECTOR).min(at + bytes.len() as u64);
                    content.resize(content.len().max(size(end)), 0);
                    content[size(start)..size(end)].copy_from_slice(&bytes[size(start - at)..size(end - at)]);
                }
            }
        }
        was = change.length_after(was);
        if number < lengths_kept {
            length = was;
        }
    }
    content.resize(size(length), 0);
    content
}

/// The last write that each sector holds, of those that are not lost; it holds those before as well.
fn newest_writes(since: &[Change], luck: &Luck) -> HashMap<u64, usize> {
    let mut newest = HashMap::new();
    for (number, change) in since.iter().enumerate() {
        let torn = luck.of(number as u64).is_multiple_of(3);
        let kept = change.sectors().filter(|sector| luck.keeps(if torn { sector << 20 } else { 0 } | number as u64));
        newest.extend(kept.map(|sector| (sector, number)));
    }
    newest
}

/// Chance, the same for the same seed. In some cuts nearly all is lost, in some hardly anything.
struct Luck {
    seed: u64,
    /// How many of 100 changes are kept.
    kept: u64,
}

impl Luck {
    fn new(seed: u64) -> Self {
        Self { seed, kept: [0, 10, 50, 50, 90, 99][size(random(seed, 0) % 6)] }
    }

    fn about(&self, id: Id) -> Self {
        Self { seed: random(self.seed, id as u64), kept: self.kept }
    }

    fn of(&self, what: u64) -> u64 {
        random(self.seed ^ 0xC07, what)
    }

    fn keeps(&self, what: u64) -> bool {
        random(self.seed, what) % 100 < self.kept
    }
}

fn size(number: u64) -> usize {
    usize::try_from(number).expect("files here are small")
}

fn parent(path: &Path) -> &Path {
    path.parent().expect("the folder itself is never renamed or removed")
}

fn last(path: &Path) -> String {
    text(Path::new(path.file_name().expect("a name")))
}

fn text(name: &Path) -> String {
    name.to_str().expect("our names are text").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use tempfile::TempDir;

    const NEW: u64 = u64::MAX;

    fn written(bytes: &[u8]) -> [Call; 2] {
        let path = PathBuf::from("file");
        [Call::Created { path, file: NEW }, Call::Written { file: NEW, at: 0, bytes: bytes.to_vec() }]
    }

    /// What the file may hold after these calls, over many cuts; `None` where it is not there.
    fn cuts(calls: impl IntoIterator<Item = Call>) -> BTreeSet<Option<Vec<u8>>> {
        let folder = TempDir::new().unwrap();
        let root = folder.path().metadata().unwrap().ino();
        let mut disk = Disk::of(folder.path());
        // The folder itself is inode 0 in these calls.
        disk.by_inode.insert(0, disk.by_inode[&root]);
        calls.into_iter().for_each(|call| disk.apply(&call));
        let cut = |seed| {
            let into = TempDir::new().unwrap();
            disk.cut(seed, into.path());
            fs::read(into.path().join("file")).ok()
        };
        (0..400).map(cut).collect()
    }

    #[test]
    fn what_was_not_synced_is_there_or_not_or_in_part() {
        let bytes = [[1; 512], [2; 512]].concat();
        let seen = cuts(written(&bytes));
        let torn = [[1; 512], [0; 512]].concat();
        for expected in [None, Some(vec![]), Some(vec![0; 1024]), Some(torn), Some(bytes)] {
            assert!(seen.contains(&expected), "{expected:?} never happens");
        }
        assert!(seen.iter().flatten().all(|content| content.len() == 1024 || content.is_empty()));
    }

    #[test]
    fn a_synced_file_has_its_bytes_and_a_synced_folder_its_names() {
        let bytes = vec![7; 600];
        let file = Call::Synced { file: NEW };
        let seen = cuts(written(&bytes).into_iter().chain([file.clone()]));
        assert_eq!(seen, [None, Some(bytes.clone())].into());
        let seen = cuts(written(&bytes).into_iter().chain([file, Call::Synced { file: 0 }]));
        assert_eq!(seen, [Some(bytes)].into());
    }

    #[test]
    fn a_name_is_never_kept_without_the_change_that_it_rests_on() {
        let renamed = [
            Call::Created { path: "draft".into(), file: NEW },
            Call::Synced { file: 0 },
            Call::Written { file: NEW, at: 0, bytes: vec![1] },
            Call::Synced { file: NEW },
            Call::Renamed { path: "draft".into(), to: "file".into() },
            Call::Removed { path: "file".into() },
        ];
        assert_eq!(cuts(renamed), [None, Some(vec![1])].into());
    }

    #[test]
    fn a_sector_holds_all_writes_up_to_one_of_them() {
        let call = |at, byte| Call::Written { file: NEW, at, bytes: vec![byte; 100] };
        let synced = [Call::Synced { file: NEW }, Call::Synced { file: 0 }];
        let calls = written(&[0; 512]).into_iter().chain(synced).chain([call(0, 1), call(100, 2)]);
        let seen: BTreeSet<_> = cuts(calls).into_iter().map(|content| content.map(|it| (it[0], it[100]))).collect();
        assert_eq!(seen, [Some((0, 0)), Some((1, 0)), Some((1, 2))].into());
    }
}
