/* Two versions side by side: each link opens in a window that takes one half of the screen. Without this script both are
   plain links. A browser may hold the second window back; then its link still opens it. */

const places = () => {
  const width = Math.floor(screen.availWidth / 2);
  const shared = `popup,width=${width},height=${screen.availHeight},top=${screen.availTop ?? 0}`;
  const left = screen.availLeft ?? 0;
  return { left: `${shared},left=${left}`, right: `${shared},left=${left + width}` };
};

const open = (link) => window.open(link.href, link.target, places()[link.dataset.half]);

const button = document.querySelector("[data-beside]");
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    for (const link of document.querySelectorAll("[data-half]")) open(link);
  });
}
