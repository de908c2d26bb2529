//! What does the log need of a file system? The few calls below, so that a test can fail each of them.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Held as long as the folder is ours; dropping it lets others in.
pub type Guard = Box<dyn Held>;

/// Whatever holds a lock until it is dropped.
pub trait Held: fmt::Debug + Send + Sync {}

/// One flat folder of files.
///
/// What was written is durable once [`StoredFile::sync`] of the file returned; that a name is there, is another's or is
/// gone, once [`Folder::sync`] returned. Until then a crash may undo any part of it.
pub trait Folder: fmt::Debug + Send + Sync {
    /// Where it is, for messages.
    fn path(&self) -> &Path;
    /// Takes the folder for this process, by the file `name`. `Err` of the inner result says what the owner wrote there.
    fn lock(&self, name: &str) -> io::Result<Result<Guard, String>>;
    /// Names of its files.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Opens a file for reading.
    fn open(&self, name: &str) -> io::Result<Box<dyn StoredFile>>;
    /// Opens a file for reading and writing.
    fn open_to_write(&self, name: &str) -> io::Result<Box<dyn StoredFile>>;
    /// Makes an empty file, in the place of one that may be there.
    fn create(&self, name: &str) -> io::Result<Box<dyn StoredFile>>;
    /// Gives a file another name, in the place of one that may be there.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes names durable.
    fn sync(&self) -> io::Result<()>;
}

/// A file of a [`Folder`].
#[allow(clippy::len_without_is_empty)] // A length in bytes that can fail; nobody asks whether it is empty.
pub trait StoredFile: fmt::Debug + Send + Sync {
    /// Its length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Reads at `offset`; fewer bytes than asked for only at the end of the file.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Writes all of `bytes` at `offset`.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Cuts it to `bytes`.
    fn set_len(&self, bytes: u64) -> io::Result<()>;
    /// Makes content and length durable.
    fn sync(&self) -> io::Result<()>;
}

/// A folder of the file system.
#[derive(Clone, Debug)]
pub struct DiskFolder(PathBuf);

impl DiskFolder {
    /// The folder at `path`, made where it is not there.
    pub fn create(path: &Path) -> io::Result<DiskFolder> {
        fs::create_dir_all(path)?;
        // The folder's own name: one level is enough where the caller's data folder was there before.
        sync_folder(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
        Ok(DiskFolder(path.to_owned()))
    }
    /// The folder at `path`, which must be there.
    pub fn existing(path: &Path) -> io::Result<DiskFolder> {
        if fs::metadata(path)?.is_dir() {
            Ok(DiskFolder(path.to_owned()))
        } else {
            Err(io::Error::new(io::ErrorKind::NotADirectory, "this is a file, not a folder"))
        }
    }
}

/// The operating system's lock on a file; it goes with the process, however that ends.
#[derive(Debug)]
struct FileLock {
    /// Keeps the lock.
    _file: File,
}

impl Held for FileLock {}

/// Most bytes that are read of a lock file: it holds a process id.
const OWNER_BYTES_MAX: u64 = 64;

impl Folder for DiskFolder {
    fn path(&self) -> &Path {
        &self.0
    }
    fn lock(&self, name: &str) -> io::Result<Result<Guard, String>> {
        let path = self.0.join(name);
        let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0)?;
                write!(file, "{}", std::process::id())?;
                Ok(Ok(Box::new(FileLock { _file: file })))
            }
            Err(fs::TryLockError::WouldBlock) => {
                let mut owner = String::new();
                // Where the system also forbids to read a locked file, the owner stays unknown.
                let _ = file.take(OWNER_BYTES_MAX).read_to_string(&mut owner);
                Ok(Err(owner))
            }
            Err(fs::TryLockError::Error(e)) => Err(e),
        }
    }
    fn list(&self) -> io::Result<Vec<String>> {
        let names = fs::read_dir(&self.0)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        names.collect()
    }
    fn open(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        Ok(Box::new(DiskFile(File::open(self.0.join(name))?)))
    }
    fn open_to_write(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        Ok(Box::new(DiskFile(OpenOptions::new().read(true).write(true).open(self.0.join(name))?)))
    }
    fn create(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(true).read(true).write(true);
        Ok(Box::new(DiskFile(options.open(self.0.join(name))?)))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }
    fn sync(&self) -> io::Result<()> {
        sync_folder(&self.0)
    }
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Windows keeps names durable by itself and cannot be asked to.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[derive(Debug)]
struct DiskFile(File);

impl StoredFile for DiskFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut read = 0;
        while read < buffer.len() {
            match positioned::read(&self.0, &mut buffer[read..], offset + read as u64) {
                Ok(0) => break,
                Ok(n) => read += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(read)
    }
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut written = 0;
        while written < bytes.len() {
            match positioned::write(&self.0, &bytes[written..], offset + written as u64) {
                Ok(0) => {
                    return Err(io::Error::new(io::ErrorKind::WriteZero, "the file takes no more bytes"));
                }
                Ok(n) => written += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.0.set_len(bytes)
    }
    fn sync(&self) -> io::Result<()> {
        // The length of the file is part of what `fdatasync` makes durable; its times are not.
        self.0.sync_data()
    }
}

#[cfg(unix)]
mod positioned {
    use std::fs::File;
    use std::io;
    use std::os::unix::fs::FileExt;

    pub(super) fn read(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        file.read_at(buffer, offset)
    }
    pub(super) fn write(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
        file.write_at(bytes, offset)
    }
}

#[cfg(windows)]
mod positioned {
    use std::fs::File;
    use std::io;
    use std::os::windows::fs::FileExt;

    pub(super) fn read(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        file.seek_read(buffer, offset)
    }
    pub(super) fn write(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
        file.seek_write(bytes, offset)
    }
}

/// Writes a small file whole or not at all: under another name, synced, renamed, the folder synced.
pub(crate) fn write_whole(folder: &dyn Folder, name: &str, parts: &[&[u8]]) -> io::Result<()> {
    let part = format!("{name}{PART}");
    let file = folder.create(&part)?;
    let mut offset = 0;
    for bytes in parts {
        file.write_at(bytes, offset)?;
        offset += bytes.len() as u64;
    }
    file.sync()?;
    folder.rename(&part, name)?;
    folder.sync()
}

/// Ending of a file that is not whole yet; what bears it may be removed.
pub(crate) const PART: &str = ".part";

/// The whole content of a file of at most `bytes_max` bytes.
pub(crate) fn read_whole(folder: &dyn Folder, name: &str, bytes_max: u64) -> io::Result<Vec<u8>> {
    let file = folder.open(name)?;
    let length = file.len()?;
    if length > bytes_max {
        let e = format!("it has {length} bytes, more than the {bytes_max} that such a file can have");
        return Err(io::Error::new(io::ErrorKind::InvalidData, e));
    }
    let mut bytes = vec![0; length as usize];
    let read = file.read_at(&mut bytes, 0)?;
    bytes.truncate(read);
    Ok(bytes)
}
