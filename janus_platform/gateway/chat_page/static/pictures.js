// A picture read from a file and made small in the browser. Fetched when a question gets its first picture.

import { PICTURE_TYPES } from "./conversation.js";
import { element, short } from "./dom.js";
import { FACTS } from "./facts.js";

const MAX_FILE_BYTES = 50_000_000;
const LONGEST_SIDE = 1568; // Pixels; larger ones are scaled down by vision models anyway.
// Every picture that a request may hold must fit into its body, in base64, beside the text.
const MAX_BYTES = Math.min(FACTS.maxPictureBytes, Math.floor(((FACTS.maxBodyBytes - 500_000) / FACTS.maxPictures) * 0.74));

/** Why a file is no picture for a question; `message` says it to the reader. */
export class PictureError extends Error {}

/**
 * The picture in `file`, drawn anew: at most 1568 pixels long and small enough for a request, without what a camera
 * wrote beside it (place, time). Raises PictureError.
 */
export async function readPicture(file) {
  const name = short(file.name, 100) || "picture";
  if (!file.type.startsWith("image/") || file.type === "image/svg+xml") throw new PictureError(`${name} is not a picture. Choose a PNG, JPEG, WebP or GIF file.`);
  if (file.size > MAX_FILE_BYTES) throw new PictureError(`${name} is larger than 50 MB. Choose a smaller picture.`);
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new PictureError(`${name} cannot be read: it is damaged, too large, or of a kind that this browser does not know.`);
  });
  try {
    const blob = await smallEnough(bitmap, file.type === "image/jpeg" ? "image/jpeg" : "image/png");
    if (!blob || !PICTURE_TYPES.has(blob.type)) throw new PictureError(`${name} could not be made small enough.`);
    return { name, alt: "", type: blob.type, data: await base64(blob) };
  } finally {
    bitmap.close();
  }
}

/** The picture as a blob of at most MAX_BYTES, or null: first in the given type, then as smaller and smaller JPEG. */
async function smallEnough(bitmap, type) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  for (const [kind, quality, factor] of [[type, 0.88, 1], ["image/jpeg", 0.85, 1], ["image/jpeg", 0.7, 0.75], ["image/jpeg", 0.5, 0.5]]) {
    const canvas = element("canvas", {
      width: Math.max(1, Math.round(bitmap.width * scale * factor)),
      height: Math.max(1, Math.round(bitmap.height * scale * factor)),
    });
    const pen = canvas.getContext("2d");
    pen.imageSmoothingQuality = "high";
    if (kind === "image/jpeg") {
      pen.fillStyle = "#fff"; // JPEG has no transparency: what shows through is paper, not black.
      pen.fillRect(0, 0, canvas.width, canvas.height);
    }
    pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, kind, quality));
    if (blob && blob.size <= MAX_BYTES) return blob;
  }
  return null;
}

const base64 = (blob) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
  reader.onerror = () => reject(reader.error);
  reader.readAsDataURL(blob);
});
