/** Our worker as a Node thread: web/worker.js with the port that the other side sent. */
import { workerData } from 'node:worker_threads';

import { Engine } from '../../web/engine.js';
import { serve } from '../../web/rpc.js';
import { service } from '../../web/service.js';

serve(workerData, service(Engine));
