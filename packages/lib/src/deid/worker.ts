import {runWorkerIfAsked} from './workerThread.ts';

// entry of worker threads when the sources are run as they are, without a bundle
runWorkerIfAsked();
