"""An encrypted zip (AES-256, as WinZip and 7-Zip write it), for packages that are too big for a page.

Names and sizes of the files can be read without the passphrase; what is in them cannot.
"""

from __future__ import annotations

from pathlib import Path

from engine.errors import UsageError
from engine.package.aside import aside
from engine.package.stored_zip import fill_zip


def write_sealed_zip(folder: Path, path: Path, passphrase: str) -> None:
    """Write the encrypted zip of a bag, whole or not at all. Raises UsageError without the extra `zip`, OutputError, InUse, DiskError."""
    try:
        import pyzipper  # noqa: PLC0415  an extra
    except ImportError:
        message = "an encrypted zip needs the extra `zip`: pip install '.[zip]'; or seal the package as a page, up to 300 MB, or as none"
        raise UsageError(message) from None
    with aside(path) as stream:
        zipped = pyzipper.AESZipFile(stream, "w", encryption=pyzipper.WZ_AES)
        zipped.setpassword(passphrase.encode())
        try:
            fill_zip(folder, zipped, path.stem, pyzipper.zipfile_aes.AESZipInfo)
            zipped.close()
        finally:
            zipped.fp = None  # so that what is broken off is not ended once more when it is collected
