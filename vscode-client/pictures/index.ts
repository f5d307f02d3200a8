// The pictures for any page: window.alloclensPictures.flame(element, {data}), .graph(element, {data}) and .timeline(element, {data}).
import './pictures.css';

export { graph } from './graph.ts';
export { flame } from './flame.ts';
export { timeline } from './timeline.ts';
