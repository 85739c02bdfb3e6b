/** The worker: translations run here, off the page's thread. */
import { Engine } from './engine.js';
import { serve } from './rpc.js';
import { service } from './service.js';

serve(self, service(Engine));
