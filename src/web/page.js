// What a page is a little better with: a slider over the days of the record, beside the fields of the day. Whatever it does can be
// done without it. It must not ask anything by itself, nor make or change a figure.
"use strict";
const days = [...document.querySelectorAll("#days-of-record option")].map((option) => option.value);
const form = document.querySelector("form.coordinates");
if (form && days.length > 1) {
  const fields = ["year", "month", "day"].map((part) => form.elements[`as-of-${part}`]);
  const typed = () => fields.map((field, place) => field.value.padStart(place ? 2 : 4, "0")).join("-");
  // The last day of the record that is not after the one that is typed.
  const nearest = () => Math.max(days.findLastIndex((day) => day <= typed()), 0);
  const slider = Object.assign(document.createElement("input"), { type: "range", id: "slider", min: 0, max: days.length - 1, step: 1 });
  const label = Object.assign(document.createElement("label"), { htmlFor: "slider", textContent: "Days of the record" });
  const words = (day) =>
    new Date(`${day}T12:00:00Z`).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  const show = () => slider.setAttribute("aria-valuetext", words(days[slider.value]));
  slider.value = nearest();
  show();
  slider.addEventListener("input", () => {
    days[slider.value].split("-").forEach((part, place) => (fields[place].value = String(Number(part))));
    show();
  });
  // Who drags it, or lets go of a key, asks: the address then holds the day.
  slider.addEventListener("change", () => form.requestSubmit());
  const field = Object.assign(document.createElement("div"), { className: "field slide" });
  field.append(label, slider);
  form.querySelector("fieldset").after(field);
}
