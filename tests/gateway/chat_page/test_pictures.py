"""Pictures with a question: chosen, pasted and dropped, made small, described, removed, sent, refused."""

from __future__ import annotations

import base64
import io
from typing import Any

from PIL import Image
from playwright.sync_api import expect

from tests.gateway.chat_page.rig import GatewayThread, Visit, heard
from tests.gateway.rig import CONTRACT

# Gives the page a file by an event, as pasting and dropping do.
_HAND_OVER = """([kind, data, type]) => {
    const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], `${kind}.png`, { type }));
    const event = kind === "paste"
        ? new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true })
        : new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true });
    document.getElementById("question").dispatchEvent(event);
}"""


def drawn(width: int, height: int, kind: str = "PNG", *, noise: bool = False) -> bytes:
    """A picture; `noise` makes one that hardly shrinks."""
    picture = Image.effect_noise((width, height), 120) if noise else Image.new("RGB", (width, height), (200, 30, 30))
    file = io.BytesIO()
    picture.convert("RGB").save(file, kind)
    return file.getvalue()


def choose(chat: Visit, *files: tuple[str, str, bytes]) -> None:
    chat.page.set_input_files(
        "#files", [{"name": name, "mimeType": mime, "buffer": data} for name, mime, data in files]
    )


def sent(part: dict[str, Any]) -> Image.Image:
    kind, data = part["image_url"]["url"].removeprefix("data:").split(";base64,")
    assert kind in ("image/png", "image/jpeg")
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_pictures_come_by_button_paste_and_drop_and_go_with_the_question(chat: Visit, served: GatewayThread) -> None:
    asked: list[dict[str, Any]] = []
    served.script = heard(asked, "Seen")
    small = base64.b64encode(drawn(40, 30)).decode()
    for kind in ("paste", "dragover", "drop"):
        chat.page.evaluate(_HAND_OVER, [kind, small, "image/png"])
    with chat.page.expect_file_chooser() as chooser:
        chat.page.get_by_role("button", name="Add pictures").click()
    assert chooser.value.is_multiple()
    large = drawn(2_400, 500, "JPEG", noise=True)
    chooser.value.set_files([{"name": "large.jpg", "mimeType": "image/jpeg", "buffer": large}])
    expect(chat.page.locator("#tray li")).to_have_count(3)
    expect(chat.page.locator("#tray bdi")).to_have_text(["paste.png", "drop.png", "large.jpg"])
    chat.page.get_by_role("button", name="Remove drop.png").click()
    chat.page.get_by_label("Description of paste.png").fill("A red field")
    chat.ask("What is it?")
    words, first, second = asked[0]["messages"][0]["content"]
    assert words == {"type": "text", "text": "What is it?"}
    assert sent(first).size == (40, 30) and sent(first).convert("RGB").getpixel((5, 5)) == (200, 30, 30)
    assert max(sent(second).size) <= 1568 and not sent(second).getexif()
    body = CONTRACT.gateway.max_body_bytes
    assert CONTRACT.inference.limits.max_images * len(second["image_url"]["url"]) < body
    expect(chat.page.get_by_alt_text("A red field")).to_be_visible()
    expect(chat.page.locator("#tray")).to_be_hidden()
    chat.ask("And in short?")
    assert len(asked[1]["messages"][0]["content"]) == 3  # The conversation keeps its pictures.
    chat.kept("all[0].turns.length === 2 && all[0].turns[1].answers[0].ended")
    chat.page.reload()
    expect(chat.page.get_by_alt_text("A red field")).to_be_visible()
    chat.page.get_by_role("button", name="Edit your question").first.click()
    expect(chat.page.get_by_label("Description of paste.png")).to_have_value("A red field")
    chat.check_quiet()


def test_what_is_no_picture_is_refused_by_name(chat: Visit) -> None:
    choose(
        chat,
        ("notes.txt", "text/plain", b"x"),
        ("evil.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("cut.png", "image/png", drawn(50, 50)[:60]),
        ("page.png", "image/png", b"<script>pwned=1</script>"),
        ("good.png", "image/png", drawn(9, 9)),
    )
    expect(chat.page.locator("#tray bdi")).to_have_text(["good.png"])
    told = chat.text("#problem")
    for words in ("notes.txt is not a picture", "evil.svg is not", "cut.png cannot be read", "page.png cannot be read"):
        assert words in told
    chat.page.evaluate("""() => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([new Uint8Array(50_000_001)], "film.gif", { type: "image/gif" }));
        document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    }""")
    expect(chat.page.locator("#problem")).to_have_text("film.gif is larger than 50 MB. Choose a smaller picture.")
    chat.check_quiet()


def test_a_conversation_never_sends_more_pictures_than_a_request_may_hold(chat: Visit, served: GatewayThread) -> None:
    asked: list[dict[str, Any]] = []
    served.script = heard(asked, "Seen")
    most = CONTRACT.inference.limits.max_images
    choose(chat, *[(f"{number}.png", "image/png", drawn(9, 9)) for number in range(most + 1)])
    expect(chat.page.locator("#problem")).to_contain_text(f"at most {most} pictures")
    chat.ask("These")
    choose(chat, ("new.png", "image/png", drawn(9, 9)))
    chat.ask("")  # At once: the question waits for its picture.
    earlier, _, now = asked[1]["messages"]
    assert [part["type"] for part in now["content"]] == ["image_url"]
    assert len(earlier["content"]) == 1 + most - 1
    assert earlier["content"][0]["text"] == "These\n[An earlier picture: 0.png]"


def test_a_suggestion_brings_its_picture(chat: Visit, served: GatewayThread) -> None:
    asked: list[dict[str, Any]] = []
    served.script = heard(asked, "Orange")
    assert chat.page.locator(".example").count() == 6
    chat.page.get_by_role("button", name="What are the main colours of this picture?").click()
    chat.finished()
    words, picture = asked[0]["messages"][0]["content"]
    assert words["text"] == "What are the main colours of this picture?" and sent(picture).size == (640, 400)
    chat.check_quiet()
