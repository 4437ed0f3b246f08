//! A checksum in every page of the database file, which SQLite itself does not have.
//!
//! SQLite reads and writes its file through a *VFS*, which can be replaced. Ours is the
//! system's, and puts a checksum into the last 8 bytes of each page that it writes to a
//! database file, and compares it when it reads the page: what is damaged on the disk is
//! an error (`SQLITE_IOERR_DATA`) instead of other data. SQLite leaves these bytes alone in
//! a file that says so in its header ([`reserve`]). All other files, the write-ahead log
//! with its own checksums among them, are the system's business.
//!
//! A checksum includes the number of its page, so a page at the place of another is
//! noticed; an older state of the same page is not.

use std::ffi::{CStr, c_int, c_void};
use std::ptr;
use std::sync::OnceLock;

use libsqlite3_sys::{
    SQLITE_FCNTL_RESERVE_BYTES, SQLITE_IOCAP_SUBPAGE_READ, SQLITE_IOERR, SQLITE_IOERR_DATA,
    SQLITE_IOERR_SHORT_READ, SQLITE_OK, SQLITE_OPEN_MAIN_DB, sqlite3_file, sqlite3_file_control,
    sqlite3_filename, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs, sqlite3_vfs_find, sqlite3_vfs_register,
};
use sqlx::SqliteConnection;

use crate::base::{Error, ErrorKind, Result, checksum};

const NAME: &CStr = c"besunny";
/// The size of all pages.
pub(super) const PAGE: usize = 4096;
const SUM: usize = size_of::<u64>();
/// How many bytes of a page are not SQLite's, and where the header says so.
pub(super) const RESERVED: u8 = SUM as u8;
pub(super) const RESERVED_AT: usize = 20;
/// A page of nothing but zeros is one that SQLite never wrote: it may grow a file past pages
/// that it does not need yet. Where such a page stands in for one that was written, SQLite
/// finds it damaged by its structure, unless it is the last of a long value.
const UNWRITTEN: [u8; PAGE] = [0; PAGE];
/// No read or write of a whole page is smaller; those of the header are.
const SMALLEST_PAGE: c_int = 512;

/// The name of the VFS, which is there from the first call on.
pub(super) fn vfs() -> Result<&'static str> {
    static REGISTERED: OnceLock<c_int> = OnceLock::new();
    if *REGISTERED.get_or_init(register) != SQLITE_OK {
        let message = "SQLite takes no other file functions; another SQLite must be linked in";
        return Err(Error::new(ErrorKind::Internal, "workspace.open", message));
    }
    NAME.to_str().map_err(|error| Error::new(ErrorKind::Internal, "workspace.open", error.to_string()))
}

/// Makes SQLite leave the last bytes of each page free, in a database that it is about to
/// write anew.
pub(super) async fn reserve(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut handle = connection.lock_handle().await?;
    let mut bytes = c_int::from(RESERVED);
    // SAFETY: the handle is open, and ours until `handle` is dropped; this operation takes a
    // pointer to an int, and no name means the main database.
    unsafe {
        sqlite3_file_control(
            handle.as_raw_handle().as_ptr(),
            ptr::null(),
            SQLITE_FCNTL_RESERVE_BYTES,
            ptr::from_mut(&mut bytes).cast(),
        );
    }
    Ok(())
}

/// The checksum of a page, which the page ends with.
fn sum(page: &[u8], offset: sqlite3_int64) -> [u8; SUM] {
    let place = offset.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (checksum(&page[..PAGE - SUM]) ^ place).to_le_bytes()
}

/// Whether a page is as it was written.
fn is_sound(page: &[u8], offset: sqlite3_int64) -> bool {
    page[PAGE - SUM..] == sum(page, offset) || page == UNWRITTEN
}

/// Whether these bytes of a database file are one of its pages.
fn is_page(size: c_int, offset: sqlite3_int64) -> bool {
    size == PAGE as c_int && offset.cast_unsigned().is_multiple_of(PAGE as u64)
}

/// Our VFS, and the one below it.
#[repr(C)]
struct Vfs {
    base: sqlite3_vfs,
    system: *mut sqlite3_vfs,
}

/// An open database file. The file of the system's VFS lies behind it in memory.
#[repr(C, align(16))]
struct DatabaseFile {
    base: sqlite3_file,
}

fn register() -> c_int {
    // SAFETY: no name means the default VFS; VFSs are static, and this one is leaked. The
    // methods that it takes over from the system's get nothing from the VFS they are called
    // with, `xOpen` apart, which we replace.
    unsafe {
        let system = sqlite3_vfs_find(ptr::null());
        let Some(&methods) = system.as_ref() else { return SQLITE_IOERR };
        let mut base = methods;
        base.zName = NAME.as_ptr();
        base.pNext = ptr::null_mut();
        base.szOsFile += size_of::<DatabaseFile>() as c_int;
        base.xOpen = Some(open);
        let vfs = Box::leak(Box::new(Vfs { base, system }));
        sqlite3_vfs_register(ptr::from_mut(vfs).cast(), 0)
    }
}

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite calls this with the VFS that `register` made, and with as much memory
    // for the file as that asks for.
    unsafe {
        let system = (*vfs.cast::<Vfs>()).system;
        let Some(open) = (*system).xOpen else { return SQLITE_IOERR };
        if flags & SQLITE_OPEN_MAIN_DB == 0 {
            return open(system, name, file, flags, out_flags);
        }
        (*file).pMethods = ptr::null();
        let below = below(file);
        let code = open(system, name, below, flags, out_flags);
        // A file that has methods is closed by SQLite, even one that failed to open.
        if !(*below).pMethods.is_null() {
            (*file).pMethods = &METHODS;
        }
        code
    }
}

/// The file of the system's VFS.
unsafe fn below(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: `open` was given memory for both.
    unsafe { file.cast::<DatabaseFile>().add(1).cast() }
}

/// Functions that pass a call on.
macro_rules! passed_on {
    ($($name:ident is $method:ident($($argument:ident: $type:ty),*);)*) => {$(
        unsafe extern "C" fn $name(file: *mut sqlite3_file, $($argument: $type),*) -> c_int {
            // SAFETY: SQLite calls this with a file that `open` has opened.
            unsafe {
                let below = below(file);
                match (*(*below).pMethods).$method {
                    Some(method) => method(below, $($argument),*),
                    None => SQLITE_IOERR,
                }
            }
        }
    )*};
}

passed_on! {
    close is xClose();
    read_below is xRead(into: *mut c_void, size: c_int, offset: sqlite3_int64);
    write_below is xWrite(from: *const c_void, size: c_int, offset: sqlite3_int64);
    truncate is xTruncate(size: sqlite3_int64);
    sync is xSync(flags: c_int);
    file_size is xFileSize(size: *mut sqlite3_int64);
    lock is xLock(level: c_int);
    unlock is xUnlock(level: c_int);
    check_reserved_lock is xCheckReservedLock(is_reserved: *mut c_int);
    file_control is xFileControl(operation: c_int, argument: *mut c_void);
    sector_size is xSectorSize();
    characteristics_below is xDeviceCharacteristics();
    shm_map is xShmMap(region: c_int, size: c_int, extend: c_int, at: *mut *mut c_void);
    shm_lock is xShmLock(offset: c_int, count: c_int, flags: c_int);
    shm_unmap is xShmUnmap(delete: c_int);
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    // SAFETY: SQLite calls this with a file that `open` has opened.
    unsafe {
        let below = below(file);
        if let Some(barrier) = (*(*below).pMethods).xShmBarrier {
            barrier(below);
        }
    }
}

unsafe extern "C" fn device_characteristics(file: *mut sqlite3_file) -> c_int {
    // SAFETY: SQLite calls this with a file that `open` has opened.
    let below = unsafe { characteristics_below(file) };
    // Otherwise SQLite reads parts of pages, which cannot be compared with a checksum.
    below & !SQLITE_IOCAP_SUBPAGE_READ
}

unsafe extern "C" fn read(
    file: *mut sqlite3_file,
    into: *mut c_void,
    size: c_int,
    offset: sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite calls this with a file that `open` has opened, and memory of this size,
    // all of which the call below has written.
    unsafe {
        let code = read_below(file, into, size, offset);
        // Beyond the end of the file, all that is missing was filled with zeros.
        if size < SMALLEST_PAGE || (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) {
            return code;
        }
        if is_page(size, offset) && is_sound(std::slice::from_raw_parts(into.cast(), PAGE), offset) {
            code
        } else {
            SQLITE_IOERR_DATA
        }
    }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    from: *const c_void,
    size: c_int,
    offset: sqlite3_int64,
) -> c_int {
    if !is_page(size, offset) {
        return SQLITE_IOERR_DATA;
    }
    // SAFETY: SQLite calls this with a file that `open` has opened, and bytes of this size.
    unsafe {
        let mut page = [0; PAGE];
        page.copy_from_slice(std::slice::from_raw_parts(from.cast(), PAGE));
        if offset == 0 && page[RESERVED_AT] != RESERVED {
            // The last bytes of these pages are SQLite's: a checksum would destroy data.
            return SQLITE_IOERR_DATA;
        }
        let sum = sum(&page, offset);
        page[PAGE - SUM..].copy_from_slice(&sum);
        write_below(file, page.as_ptr().cast(), size, offset)
    }
}

/// Version 2: without memory maps, which would go past `read`.
static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_sound_as_it_was_written_where_it_was_written() {
        let mut page: Vec<u8> = (0..PAGE).map(|place| (place % 251) as u8).collect();
        let sum = sum(&page, 8192);
        page[PAGE - SUM..].copy_from_slice(&sum);
        assert!(is_sound(&page, 8192) && !is_sound(&page, 4096));
        for place in 0..PAGE {
            page[place] ^= 0x40;
            assert!(!is_sound(&page, 8192), "{place}");
            page[place] ^= 0x40;
        }
        assert!(is_sound(&UNWRITTEN, 0));
    }
}
