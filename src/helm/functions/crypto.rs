//! Hashes, passwords and encryption.

use aes::Aes256;
use aes::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _, block_padding::NoPadding};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::{derived_text, fail, fixed, random};
use crate::helm::call::{Args, Function, FunctionError, FunctionResult, Type};
use crate::helm::encoding;
use crate::helm::exec::Exec;

const TEXT: &[Type] = &[Type::String];
const TEXT_2: &[Type] = &[Type::String, Type::String];

pub(super) const TABLE: &[Function] = &[
    fixed("adler32sum", TEXT, |exec, args| {
        let (a, b) = args.str(0).as_bytes().iter().fold((1u32, 0u32), |(a, b), byte| {
            let a = (a + u32::from(*byte)) % 65_521;
            (a, (b + a) % 65_521)
        });
        derived_text(exec, args, (b << 16 | a).to_string())
    }),
    fixed("bcrypt", TEXT, |exec, args| {
        let hash = bcrypt(exec, args.str(0).as_bytes())?;
        derived_text(exec, args, hash)
    }),
    fixed("decryptAES", TEXT_2, decrypt),
    fixed(
        "derivePassword",
        &[Type::Uint32, Type::String, Type::String, Type::String, Type::String],
        derive_password,
    ),
    fixed("encryptAES", TEXT_2, encrypt),
    fixed("htpasswd", TEXT_2, |exec, args| {
        let user = args.str(0);
        if user.as_bytes().contains(&b':') {
            return derived_text(exec, args, [b"invalid username: ", user.as_bytes()].concat());
        }
        let hash = bcrypt(exec, args.str(1).as_bytes())?;
        derived_text(exec, args, [user.as_bytes(), b":", hash.as_bytes()].concat())
    }),
    fixed("sha1sum", TEXT, hash::<Sha1>),
    fixed("sha256sum", TEXT, hash::<Sha256>),
    fixed("sha512sum", TEXT, hash::<Sha512>),
];

fn hash<D: Digest>(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let text = args.str(0);
    let digest = D::digest(text.as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    derived_text(exec, args, hex)
}

/// A bcrypt hash with the cost that sprig takes and a salt from the seed.
fn bcrypt(exec: &mut Exec<'_>, password: &[u8]) -> Result<String, FunctionError> {
    const COST: u32 = 10;
    // It takes about as long as this many steps.
    exec.charge(500_000)?;
    let mut salt = [0; 16];
    salt.copy_from_slice(&random::bytes(exec, 16));
    if password.len() > 72 {
        let message = "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes";
        return Ok(message.to_owned());
    }
    match ::bcrypt::hash_with_salt(password, COST, salt) {
        Ok(parts) => Ok(parts.format_for_version(::bcrypt::Version::TwoA)),
        Err(error) => Ok(format!("failed to encrypt string with bcrypt: {error}")),
    }
}

/// The first 32 bytes of a password, filled up with zeros.
fn aes_key(password: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    for (to, from) in key.iter_mut().zip(password) {
        *to = *from;
    }
    key
}

fn encrypt(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let plain = args.str(1);
    if plain.is_empty() {
        return derived_text(exec, args, "");
    }
    exec.charge_bytes(plain.len())?;
    let mut start = [0; 16];
    start.copy_from_slice(&random::bytes(exec, 16));
    let padding = 16 - plain.len() % 16;
    let mut content = plain.as_bytes().to_vec();
    content.resize(plain.len() + padding, u8::try_from(padding).unwrap_or(16));
    let cipher = cbc::Encryptor::<Aes256>::new(&aes_key(args.str(0).as_bytes()).into(), &start.into());
    let content = cipher.encrypt_padded_vec::<NoPadding>(&content);
    derived_text(exec, args, encoding::base64(&[start.as_slice(), &content].concat()))
}

fn decrypt(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let text = args.str(1);
    if text.is_empty() {
        return derived_text(exec, args, "");
    }
    exec.charge_bytes(text.len())?;
    let bytes = match encoding::decode_base64(text.as_bytes()) {
        Ok(bytes) => bytes,
        Err(error) => return fail(error.to_string()),
    };
    let length = bytes.len();
    let Some((start, content)) = bytes.split_first_chunk::<16>() else {
        return fail(format!(
            "runtime error: slice bounds out of range [:16] with capacity {}",
            capacity(length)
        ));
    };
    let cipher = cbc::Decryptor::<Aes256>::new(&aes_key(args.str(0).as_bytes()).into(), start.into());
    let Ok(plain) = cipher.decrypt_padded_vec::<NoPadding>(content) else {
        return fail("crypto/cipher: input not full blocks");
    };
    let Some(last) = plain.last() else {
        return fail("runtime error: index out of range [-1]");
    };
    match plain.len().checked_sub(usize::from(*last)) {
        Some(end) => derived_text(exec, args, plain.get(..end).unwrap_or_default()),
        None => {
            let end = plain.len() as i64 - i64::from(*last);
            fail(format!("runtime error: slice bounds out of range [:{end}]"))
        }
    }
}

/// The capacity of the buffer that Go decodes base64 of this many bytes into.
fn capacity(length: usize) -> usize {
    length.div_ceil(3) * 3
}

/// Passwords of a type as patterns of character classes (Lyndir's Master Password algorithm).
fn templates(kind: &[u8]) -> Option<&'static [&'static str]> {
    Some(match kind {
        b"maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        b"long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        b"medium" => &["CvcnoCvc", "CvcCvcno"],
        b"short" => &["Cvcn"],
        b"basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        b"pin" => &["nnnn"],
        _ => return None,
    })
}

fn class(letter: u8) -> &'static [u8] {
    match letter {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'A' => b"AEIOUBCDFGHJKLMNPQRSTVWXYZ",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

fn derive_password(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    const SEED: &[u8] = b"com.lyndir.masterpassword";
    let [kind, password, user, site] = [1, 2, 3, 4].map(|at| args.str(at));
    let Some(templates) = templates(kind.as_bytes()) else {
        return derived_text(exec, args, [b"cannot find password template ", kind.as_bytes()].concat());
    };
    // It takes about as long as this many steps.
    exec.charge(2_000_000)?;
    let length = |text: &[u8]| u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes();
    let (user, site) = (user.as_bytes(), site.as_bytes());
    let salt = [SEED, &length(user), user].concat();
    let mut key = [0; 64];
    let derived = scrypt::Params::new(15, 8, 2)
        .map(|parameters| scrypt::scrypt(password.as_bytes(), &salt, &parameters, &mut key).is_ok());
    if !derived.unwrap_or(false) {
        return fail("failed to derive password");
    }
    let counter = u32::try_from(args.int(0)).unwrap_or(0).to_be_bytes();
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else { return fail("failed to derive password") };
    mac.update(&[SEED, &length(site), site, &counter].concat());
    let seed = mac.finalize().into_bytes();
    let pick = |at: usize, count: usize| seed.get(at).map_or(0, |byte| usize::from(*byte) % count.max(1));
    let template = templates.get(pick(0, templates.len())).copied().unwrap_or("");
    let letters = template.bytes().enumerate().map(|(place, letter)| {
        let class = class(letter);
        class.get(pick(place + 1, class.len())).copied().unwrap_or(b'x')
    });
    derived_text(exec, args, letters.collect::<Vec<u8>>())
}
