// The pictures for any page: window.alloclensPictures.flame(element, {data}) and .timeline(element, {data}).
import './pictures.css';

export { flame } from './flame.ts';
export { timeline } from './timeline.ts';
