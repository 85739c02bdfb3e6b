/** The two elements, as classes: importing them registers nothing, widget-define.js does.  Importable where there is no DOM. */
export { DolmetschPage } from './widget-page.js';
export { DolmetschAttention } from './widget-attention.js';
