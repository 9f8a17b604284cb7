/**
 * Files that Gradio's own inputs would turn away, though the server reads them: it goes by the kind that the browser
 * tells, which is none for the photos of phones on some systems, and a film's for what phones and browsers record.
 */

const KINDS = {
  video: { type: "video/", endings: "mp4 m4v webm mov mkv 3gp", accept: "video/mp4, video/webm, video/quicktime, .mkv" },
  image: { type: "image/", endings: "heic heif avif", accept: "image/*" },
  audio: {
    type: "audio/",
    endings: "m4a aac mp4 m4v webm opus ogg oga amr wma caf mov 3gp 3g2 mkv mka",
    accept: "audio/*, video/mp4, video/webm, video/quicktime, video/3gpp",
  },
};
const APPLE = /Mac|iPhone|iPad/.test(navigator.userAgent); // it knows its own kinds, and gives JPEG where they are not named

/** Let them in, whether they are chosen or dropped. */
export function letFilesIn() {
  for (const modality of Object.keys(KINDS)) {
    const within = (event) => event.target.closest?.(`#${modality}`);
    document.addEventListener("click", (event) => within(event) && offer(modality), true);
    document.addEventListener("change", (event) => within(event) && event.target.type === "file" && chosen(modality, event.target), true);
    document.addEventListener("drop", (event) => within(event) && dropped(modality, event), true);
  }
}

const inputOf = (modality) => document.querySelector(`#${modality} input[type=file]`);

/** What the dialog shows: Gradio makes its input anew now and then. */
function offer(modality) {
  const input = inputOf(modality);
  if (!input || APPLE) return;
  const { endings, accept } = KINDS[modality];
  input.accept = `${accept}, ${endings.split(" ").map((ending) => `.${ending}`).join(", ")}`;
}

function chosen(modality, input) {
  const files = renamed(modality, input.files);
  if (files) input.files = files; // nothing is told of it: Gradio's own listener comes after this one
}

function dropped(modality, event) {
  const [input, files] = [inputOf(modality), renamed(modality, event.dataTransfer?.files ?? [])];
  if (!input || !files) return;
  event.preventDefault();
  event.stopPropagation();
  event.target.dispatchEvent(new DragEvent("dragleave", { bubbles: true })); // it no longer waits for one
  input.files = files;
  input.dispatchEvent(new Event("change"));
}

/** The same files, each of the kind that its ending says; null where all have one already. */
function renamed(modality, files) {
  const { type, endings } = KINDS[modality];
  const other = (file) => !file.type.startsWith(type) && endings.split(" ").includes(file.name.split(".").pop().toLowerCase());
  if (![...files].some(other)) return null;
  const all = new DataTransfer();
  for (const file of files) {
    all.items.add(other(file) ? new File([file], file.name, { type: type + file.name.split(".").pop().toLowerCase() }) : file);
  }
  return all.files;
}
