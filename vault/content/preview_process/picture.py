"""A photograph or a scan, decoded by Pillow and libheif: upright, on white, without anything but pixels."""

import io
import warnings
from collections.abc import Iterator

from PIL import Image, ImageOps, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin

from .frames import END_TOO_LARGE, Unreadable

_LONGEST_SIDE = 1600
"""Pixels. A card that fills half of a photograph can still be read."""
_MAX_PIXELS = {"JPEG": 250_000_000, "PNG": 60_000_000, "HEIF": 64_000_000}
"""Telephones take up to 200 million pixels, as JPEG, which is decoded at an eighth of its size; the others are
decoded whole, at 3 or 4 bytes a pixel, within the memory limit."""
_PLUGINS = (JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin)
"""Pillow would import them when it meets their formats, and the cage opens no file then; TIFF reads EXIF."""
Picture = tuple[int, int, int, object]
"""Width, height, page count, pixels."""


def prepare(image_format: str) -> None:
    """Load what the format needs, before anything hostile is there."""
    Image.preinit()
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = _MAX_PIXELS[image_format]
    if image_format == "HEIF":
        import pillow_heif  # noqa: PLC0415 - a third of the start-up time, for one format

        pillow_heif.register_heif_opener()
        pillow_heif.options.DECODE_THREADS = 1
        pillow_heif.options.THUMBNAILS = False


def draw(document: bytes, image_format: str) -> Iterator[Picture]:
    """One picture. Raises Unreadable, and whatever Pillow raises for a broken file."""
    try:
        image = Image.open(io.BytesIO(document), formats=(image_format,))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unreadable(END_TOO_LARGE) from error
    if image.width * image.height > _MAX_PIXELS[image_format]:
        raise Unreadable(END_TOO_LARGE)
    # A JPEG is then decoded at a half, a quarter or an eighth of its size.
    image.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
    small = _on_white(image)
    small.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE), reducing_gap=2.0)
    upright = ImageOps.exif_transpose(small, in_place=False)
    yield upright.width, upright.height, 1, upright.tobytes()


def _on_white(image: Image.Image) -> Image.Image:
    """RGB, with white behind what is transparent; EXIF kept for the turn that follows."""
    exif = image.getexif()
    if image.mode.startswith("I"):
        # 16 bits a pixel: Pillow would cut them at 255.
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image.getchannel("A"))
    else:
        flat = image.convert("RGB")
    flat.info["exif"] = exif.tobytes() if exif else b""
    return flat
