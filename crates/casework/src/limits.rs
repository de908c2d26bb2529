//! How much may there be of each? Every size of casework, with its reason.

/// Longest note, bytes: some pages; what is longer is a file.
pub const NOTE_BYTES_MAX: usize = 8_000;
/// Longest title of a case or a task, bytes.
pub const TITLE_BYTES_MAX: usize = 200;
/// Longest reason that people give, bytes: as for other changes of the service.
pub const WHY_BYTES_MAX: usize = 2_000;
/// Reason codes of one judgement.
pub const REASON_CODES_MAX: usize = 16;
/// Longest reason code, bytes.
pub const REASON_CODE_BYTES_MAX: usize = 64;
/// Things that a case links: a ring of known size with all that it touched.
pub const LINKS_MAX: usize = 5_000;
/// Tasks of a case.
pub const TASKS_MAX: usize = 500;
/// Files of a case.
pub const FILES_MAX: usize = 1_000;
/// Notes of a case.
pub const NOTES_MAX: u32 = 10_000;
/// Legal holds of a case, lifted ones too.
pub const HOLDS_MAX: usize = 100;
/// Outcomes of a case: a verdict on each thing that it links.
pub const OUTCOMES_MAX: usize = 5_000;
/// Cases that one case may have absorbed.
pub const ABSORBED_MAX: usize = 1_000;
/// Largest file, bytes: a scanned dossier, a minute of video of a camera.
pub const FILE_BYTES_MAX: usize = 25 << 20;
/// Longest name of a file, bytes.
pub const FILE_NAME_BYTES_MAX: usize = 200;
/// Items of one bulk action: what a person can still look through before they agree to it.
pub const BULK_MAX: usize = 200;
/// Items that one person may hold at a time: nobody keeps the queue from the others.
pub const CLAIMS_MAX: usize = 20;
/// Skills of the deployment, and of a person.
pub const SKILLS_MAX: usize = 50;
/// Longest name of a skill, bytes.
pub const SKILL_BYTES_MAX: usize = 64;
/// Routes to skills.
pub const ROUTES_MAX: usize = 100;
/// Waiting items that a plan of the day is made over: a week of a large team.
pub const PLAN_MAX: usize = 2_000;
/// People whose earlier decisions on one refund are remembered.
pub const DECIDERS_MAX: usize = 64;

/// Media types of files that a case may hold: what evidence comes as, nothing that a browser would run.
pub const MEDIA_TYPES: &[&str] = &[
    "application/json",
    "application/pdf",
    "application/zip",
    "audio/mpeg",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "message/rfc822",
    "text/csv",
    "text/plain",
    "video/mp4",
];
