/** Registers <dolmetsch-page> and <dolmetsch-attention>: the one script tag of a page that embeds them.
 *    <script type="module" src="widget-define.js"></script> <dolmetsch-page to="de"></dolmetsch-page> */
import { DolmetschAttention, DolmetschPage } from './widget.js';

if (!customElements.get('dolmetsch-page')) customElements.define('dolmetsch-page', DolmetschPage);
if (!customElements.get('dolmetsch-attention')) customElements.define('dolmetsch-attention', DolmetschAttention);
